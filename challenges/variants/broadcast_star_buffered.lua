#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast over a star whose nodes buffer what is new, and flush by a timer, both ways.
--
-- Idea: a leaf sends the hub what has come in a window in one message, and the hub each leaf what
-- has come from all others. The number of values does not matter any more, only that of windows.
-- Cost: at most 2(n-1) messages a window, confirmations included. A value waits for the leaf's
-- timer and for the hub's, up to a window each, and takes two hops.
-- Weakness: the timers know nothing of each other: on average a value waits at the hub for half a
-- window that a leaf could have sent later. challenges/broadcast_3d.lua is this with the leaves in
-- step with the hub: half the time for the same messages. And when the hub is cut off, so is
-- everyone.
-- How it works: lua/hearsay/gossip/batch.lua.

local gossip = require "hearsay.gossip"
local node = require "hearsay"
local topology = require "hearsay.topology"

local spread = gossip.start {
  policy = "batch",
  window = 0.2, -- seconds from flush to flush: longer is cheaper and slower
}

node.on_init(function()
  spread.neighbours = topology.star(node.ids)[node.id]
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
