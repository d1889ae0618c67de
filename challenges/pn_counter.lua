#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- A counter that goes up and down: challenge 4 with deltas of either sign. An add is answered at
-- once, in a partition too.
--
-- What a node adds and what it takes away are two counts that only grow, each with one writer; of
-- two values of a count the greater is the later, whatever was lost, came twice or came late
-- (lua/hearsay/crdt/pn_counter.lua). Once a window each node sends all counts that it knows to one
-- other node; a read is the sum of what has arrived, and lags by a window or two.
--
-- A killed node forgets what it had told nobody yet. It counts under a new name then, since its old
-- count stands.

local gossip = require "hearsay.crdt.gossip"
local ids = require "hearsay.ids"
local node = require "hearsay"
local pn_counter = require "hearsay.crdt.pn_counter"

local parameters = node.parameters({
  window = 1, -- seconds from message to message of a node: longer is cheaper, reads are older
}, ...)

local total = pn_counter.new()
local replica -- the name under which this start of the node counts

gossip.start(total, { window = parameters.window })

node.on_init(function()
  replica = ids.counter()
end)

-- Hands on what the counter returned; where it is an error, raises it, so that it is the reply.
local function need(value, err)
  return value or error(err, 0)
end

node.on("add", { delta = "integer" }, function(msg)
  need(total:add(replica, msg.body.delta))
  return { type = "add_ok" }
end)

node.on("read", function()
  return { type = "read_ok", value = need(total:value()) }
end)
