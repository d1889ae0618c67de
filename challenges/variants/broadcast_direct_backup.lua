#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast from whoever takes a value to all others at once, with others as its backup.
--
-- Idea: one hop is the least latency there is, and n-1 messages a value are the least for one hop.
-- The first node sends again what is not confirmed. Should it be cut off from some, or be gone, the
-- others help: every few seconds each node compares its values with a random other one, and both
-- have then what one of them had.
-- Cost: n-1 messages a value, and n / backup to 3n / backup messages a second, also when nothing is
-- new.
-- Weakness: nothing is ever shared: twice the values are twice the messages.
-- How it works: lua/hearsay/gossip/direct.lua and exchange.lua. Without a backup it is one edited
-- line of challenges/broadcast_3d.lua.

local gossip = require "hearsay.gossip"
local node = require "hearsay"

local spread = gossip.start {
  policy = "direct",
  resend = 2, -- seconds until what is not confirmed is sent again
  backup = 3, -- seconds from one comparison with a random node to the next
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
