#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
local gossip = require "hearsay.gossip"
local node = require "hearsay"
local topology = require "hearsay.topology"

local spread = gossip.start { policy = "push" }

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
