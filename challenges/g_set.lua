#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- A set to which clients add at any node, and that every node has in the end. An add is answered
-- at once, in a partition too.
--
-- What is added stays, so sets of two nodes are merged by taking both: in whatever order, how often
-- and by whatever way they come, the outcome is the same (lua/hearsay/crdt). Once a window each
-- node sends its set to one other node: n messages a window, however many adds, and none when all
-- have the same. A message has the whole set: with tens of thousands of elements, take one of the
-- policies of broadcast_3*.lua instead, which send what is new.
--
-- A killed node forgets what it had told nobody yet; the rest comes back from the others.

local g_set = require "hearsay.crdt.g_set"
local gossip = require "hearsay.crdt.gossip"
local node = require "hearsay"

local parameters = node.parameters({
  window = 1, -- seconds from message to message of a node: longer is cheaper, reads are older
}, ...)

local set = g_set.new()

gossip.start(set, { window = parameters.window })

node.on("add", { element = "any" }, function(msg)
  set:add(msg.body.element)
  return { type = "add_ok" }
end)

node.on("read", function()
  return { type = "read_ok", value = set:state() }
end)
