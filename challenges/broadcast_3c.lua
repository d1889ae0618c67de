#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 3c, fault-tolerant broadcast: each neighbour is sent what it has not confirmed, again
-- and again, so that a partition only delays values.

local gossip = require "hearsay.gossip"
local node = require "hearsay"
local topology = require "hearsay.topology"

local policy = node.parameters({
  policy = "push", -- how it works: lua/hearsay/gossip/push.lua
  timeout = 0.5, -- seconds until a request counts as lost
  cap = 2, -- longest pause after a failure, in seconds
}, ...)

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
