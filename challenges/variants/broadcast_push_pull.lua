#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast by push-pull: random pairs of nodes tell each other what is new between them.
--
-- Idea: now and then each node sends a random other one all that it is not known to have, and the
-- reply brings what the node itself lacks. A push doubles those who have a value at first; a pull
-- squares those who lack it (as parts of all) at last; both together need few rounds.
-- Cost: 2n / interval messages a second, however many values there are, and never less. In bytes it
-- is more than it need be: a pair does not know what each has from others, so every value crosses
-- every pair that meets.
-- Weakness: latency is a matter of chance, and an idle cluster goes on talking.
-- How it works: lua/hearsay/gossip/push_pull.lua and link.lua.

local gossip = require "hearsay.gossip"
local node = require "hearsay"

local spread = gossip.start {
  policy = "push_pull",
  interval = 0.5, -- mean seconds from one exchange to the next
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
