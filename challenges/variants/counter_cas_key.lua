#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Counter, challenge 4: the whole sum in one key of seq-kv, changed by compare-and-set.
--
-- Idea: an add takes the sum that this node saw last for the present one, and compares and sets. If
-- another node was faster, it reads, and tries again. As seq-kv may show old states, a read first
-- writes what nobody wrote before to another key, which brings the node up to the newest state.
--
-- Cost: two messages for an add that guesses right, four to six more and a pause for each wrong
-- guess: the more nodes, adds and latency there are, the fewer guess right. Four for a read. All of
-- it is waited for.
--
-- Weakness: every operation needs the one service, and all adds contend for one key. A cas that
-- timed out may be done or not, so the client hears that nobody knows. And where the network
-- delivers messages twice and out of order, a cas may be done and its failure, the second time, be
-- heard first: then the add is made twice.

local kv = require "hearsay.kv"
local node = require "hearsay"

local store = kv.seq:with { timeout = 1, deadline = 4 } -- seconds
local KEY = "sum"

local guess = 0 -- the sum that this node saw last

-- Adds by the guess, and if it is wrong by what there is: the sum then, or nil and an error.
local function add(delta)
  local sum = guess + delta
  local ok, err = store:cas(KEY, guess, sum)
  if ok then
    return sum
  elseif not err.definite then
    return nil, err -- it may be done: not again
  end
  return store:update(KEY, function(current) return current + delta end, 0)
end

node.on("add", { delta = "integer" }, function(msg)
  if msg.body.delta ~= 0 then -- else there is nothing to set
    local sum, err = add(msg.body.delta)
    guess = sum or error(err, 0)
  end
  return { type = "add_ok" }
end)

node.on("read", function()
  local sum, err = store:read_newest(KEY, 0)
  guess = sum or error(err, 0)
  return { type = "read_ok", value = sum }
end)
