#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 4, a counter: each node counts for itself, and once a second sends the counts of all
-- that it knows to one other node. No key-value store, so nobody waits: an add is answered at once,
-- in a partition too.
--
-- It is right because each count has one writer and only grows, so that the greater of two is the
-- later, whatever was lost, came twice or came late. A read is the sum of what has arrived, and
-- lags by a window or two. How states travel: lua/hearsay/crdt/gossip.lua.
--
-- A killed node forgets what it had told nobody yet, which is what was added in the last window
-- before; the rest comes back from the others. It counts under a new name then, since its old count
-- stands. To lose nothing an add would have to wait until it is on a disk or at another node.
--
--   ./node challenges/g_counter_4.lua negative=true     is a pn-counter

local errors = require "hearsay.errors"
local gossip = require "hearsay.crdt.gossip"
local ids = require "hearsay.ids"
local node = require "hearsay"
local pn_counter = require "hearsay.crdt.pn_counter"

local parameters = node.parameters({
  window = 1, -- seconds from message to message of a node: longer is cheaper, reads are older
  negative = false, -- whether deltas may be below 0
}, ...)

local total = pn_counter.new()
local replica -- the name under which this start of the node counts

gossip.start(total, { window = parameters.window })

node.on_init(function()
  replica = ids.counter()
end)

node.on("add", { delta = "integer" }, function(msg)
  local delta = msg.body.delta
  if delta < 0 and not parameters.negative then
    error(errors.new("malformed_request", "add: expected a delta from 0, got " .. delta), 0)
  end
  local added, err = total:add(replica, delta)
  if not added then
    error(err, 0)
  end
  return { type = "add_ok" }
end)

node.on("read", function()
  local value, err = total:value()
  if not value then
    error(err, 0)
  end
  return { type = "read_ok", value = value }
end)
