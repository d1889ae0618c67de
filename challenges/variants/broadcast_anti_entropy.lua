#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast by anti-entropy alone: random pairs of nodes compare what they have.
--
-- Idea: now and then each node sends a random other one a digest of its values, and both have then
-- what one of them had. There is no topology, no leader, no confirmation, and nothing to remember
-- of others, so there is nothing that a fault could break.
-- Cost: n / interval to 3n / interval messages a second, however many values there are, and never
-- less. A value is everywhere after about log2(n) + log2(log(n)) intervals.
-- Weakness: latency is a matter of chance; an idle cluster goes on talking; and since digests tell
-- only in which of some buckets two nodes differ, much is sent that was there.
-- How it works: lua/hearsay/gossip/anti_entropy.lua and exchange.lua.

local gossip = require "hearsay.gossip"
local node = require "hearsay"

local spread = gossip.start {
  policy = "anti_entropy",
  interval = 0.5, -- mean seconds from one comparison to the next
}

node.on("topology", function()
  return { type = "topology_ok" } -- the policy has its own
end)

node.on("broadcast", { message = "any" }, function(msg)
  spread:add(msg.body.message)
  return { type = "broadcast_ok" }
end)

node.on("read", function()
  return { type = "read_ok", messages = spread.values }
end)
