#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast by flooding on the grid that is Maelstrom's default topology.
--
-- Idea: whoever sees a value for the first time passes it on to its neighbours, and the set of seen
-- values ends the flood. Nothing is repeated or confirmed.
-- Cost: on a grid of 25 nodes with 40 edges 2 * 40 - 24 = 56 messages a value, 28 an operation; up
-- to 8 hops. Each value has many ways to arrive, and takes them all.
-- Weakness: what a partition drops is not sent again. Values that are taken meanwhile stay on their
-- side for ever: lost in most runs with --nemesis partition.
-- How it works: lua/hearsay/gossip/flood.lua. What repeats: challenges/broadcast_3c.lua.

local gossip = require "hearsay.gossip"
local node = require "hearsay"
local topology = require "hearsay.topology"

local spread = gossip.start { policy = "flood" }

node.on_init(function()
  spread.neighbours = topology.grid(node.ids)[node.id]
end)

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
