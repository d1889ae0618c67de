#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 3b, broadcast on several nodes: flooding over the topology that Maelstrom suggests.
--
-- Whoever sees a value for the first time passes it on to its neighbours; the seen-set ends the
-- flood. Nothing is repeated, so what the network loses is lost: 3c mends that.

local gossip = require "hearsay.gossip"
local node = require "hearsay"
local topology = require "hearsay.topology"

local policy = { policy = "flood" } -- no parameters; how it works: lua/hearsay/gossip/flood.lua

local spread = gossip.start(policy)

node.on("topology", function(msg)
  spread.neighbours = topology.neighbors(msg, node.id)
  return { type = "topology_ok" }
end)

node.on("broadcast", { message = "any" }, function(msg)
  spread:add(msg.body.message)
  return { type = "broadcast_ok" }
end)

node.on("read", function()
  return { type = "read_ok", messages = spread.values }
end)
