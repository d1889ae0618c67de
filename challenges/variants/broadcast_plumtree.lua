#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast along trees in a sparse graph, which mend themselves: Plumtree.
--
-- Idea: the first values of a node flood the graph, here a hypercube; wherever a copy comes second
-- its link is pruned, so what is left is a tree of the fastest ways. On all links ids are announced
-- now and then, many in one message, and who is told of a value that does not come asks for it.
-- Cost: n-1 messages a value, the least there is without waiting, over a few hops; and the
-- announcements. No node has more than some neighbours to deal with: it is made for thousands of
-- nodes, where a star's hub or direct sending would drown.
-- Weakness: with 25 nodes it pays for what it does not need: as many messages as direct sending,
-- over more hops. Broken trees are mended only after an announcement and some patience.
-- How it works: lua/hearsay/gossip/plumtree.lua.

local gossip = require "hearsay.gossip"
local node = require "hearsay"
local topology = require "hearsay.topology"

local spread = gossip.start {
  policy = "plumtree",
  lazy = 1, -- mean seconds from one announcement on a link to the next
  patience = 0.5, -- seconds that a value may take after its announcement
}

node.on_init(function()
  spread.neighbours = topology.hypercube(node.ids)[node.id]
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
