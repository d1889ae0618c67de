--- Exchange: two nodes find out what they do not have in common, and share it.
--
--     a                                          b
--     |--- digest of a's values ---------------->|
--     |<-- what b has and a may lack, b's digest |    nothing when the digests are equal
--     |--- what a has and b may lack ----------->|    nothing when b has it all
--
-- A digest is a number for each bucket of values (hearsay.seen), and what is sent are the buckets
-- in which the two differ: a value that one side lacks costs a bucket, 1/64 of all values. A node
-- remembers nothing of others, so nothing that it remembers can be wrong: what is lost is made good
-- by the next exchange, and a restarted node gets everything.
--
-- Source: Demers et al., Epidemic Algorithms for Replicated Database Maintenance, 1987, section
-- 1.3: anti-entropy by push-pull, with checksums. One checksum of all values would differ at any
-- time under load, hence the buckets.
-- @module hearsay.gossip.exchange

local errors = require "hearsay.errors"
local gossip = require "hearsay.gossip"
local node = require "hearsay"

local BUCKETS = 64
local JITTER = 0.25 -- part of the interval

local exchange = {}

local function check(digest)
  for _, number in ipairs(digest) do
    if math.type(number) ~= "integer" then
      error(errors.new("malformed_request", "expected a digest of integers"), 0)
    end
  end
  if #digest ~= BUCKETS then
    error(errors.new("malformed_request",
      ("expected a digest of %d integers, not %d"):format(BUCKETS, #digest)), 0)
  end
end

local function is_equal(digest, other)
  for i, number in ipairs(digest) do
    if number ~= other[i] then
      return false
    end
  end
  return true
end

--- Starts exchanging with a random node every so often.
-- @tparam string kind the type of the messages
-- @tparam seen values
-- @tparam number interval mean seconds from one exchange to the next
-- @tparam function partners returns the list of the nodes to choose from
function exchange.start(kind, values, interval, partners)
  node.on_init(function()
    gossip.every(interval, JITTER, function()
      local list = partners()
      if list[1] then
        node.send(list[node.random(#list)], { type = kind, digest = values:digest(BUCKETS) })
      end
    end)
  end)

  node.on(kind, { digest = "array?", values = "array?" }, function(msg)
    local theirs, list = msg.body.digest, msg.body.values
    if theirs then
      check(theirs)
    end
    if list then
      values:merge(list)
    end
    local ours = values:digest(BUCKETS)
    if theirs and not is_equal(theirs, ours) then
      node.send(msg.src, {
        type = kind,
        values = (values:difference(theirs)),
        digest = not list and ours or nil, -- one that came with values was the answer to ours
      })
    end
  end)
end

return exchange
