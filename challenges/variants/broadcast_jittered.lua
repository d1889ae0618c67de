#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast by periodic batches between neighbours, by timers with jitter.
--
-- Idea: every node syncs with its neighbours now and then: what they have not confirmed goes in one
-- message, and what is not confirmed in the next ones again. Each period is drawn anew, so that
-- nodes that were started together do not all send at once, and no two stay in a bad phase.
-- Cost: two messages a link and period at most. On a grid, where a value passes up to 8 nodes and
-- waits half a period at each, that is slow: seconds.
-- Weakness: latency is periods times hops, and cannot be promised, only expected. The jitter that
-- spreads the load also spreads the latency.
-- How it works: lua/hearsay/gossip/batch.lua. It works on any topology (--topology tree4).

local gossip = require "hearsay.gossip"
local node = require "hearsay"
local topology = require "hearsay.topology"

local spread = gossip.start {
  policy = "batch",
  window = 0.5, -- mean seconds from one sync to the next
  jitter = 0.5, -- of which this part is random, either way
}

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
