--- A counter that only grows; see hearsay.crdt for what all types have.
--
--     local total = g_counter.new()
--     total:add(node.id, 3)        -- returns {n1 = 3}, all that others need to hear of
--
-- Each replica counts what was added at it, in a number of its own that nobody else changes; of two
-- such numbers the greater one is the later. So this is a version vector of which one reads the
-- sum, and nothing is counted twice however often it is heard of. The state has one number a
-- replica.
-- @module hearsay.crdt.g_counter

local errors = require "hearsay.errors"
local sum = require "hearsay.crdt.sum"
local version_vector = require "hearsay.clock.version_vector"

local GCounter = { __name = "hearsay.g_counter" }
GCounter.__index = GCounter

local g_counter = {}

--- A counter at 0.
-- @treturn g_counter
function g_counter.new()
  return setmetatable({ counts = version_vector.new() }, GCounter)
end

--- Counts up.
-- @tparam string id of the replica at which it is added: of this one
-- @tparam integer delta from 0
-- @treturn[1] table a state that has this change only: what was added at this replica until now.
--   Merging it does what merging the whole state does for this replica
-- @treturn[2] nil
-- @treturn[2] err abort, when the sum that is known here, or this replica's part of it,
--   would not fit 64 bits any more; nothing is changed
-- @raise when delta is negative or no integer
function GCounter:add(id, delta)
  if type(id) ~= "string" or math.type(delta) ~= "integer" or delta < 0 then
    error("g_counter.add: expected a replica's id, a string, and an integer from 0", 2)
  end
  local value = self:value()
  if value and value > math.maxinteger - delta then
    return nil, errors.new("abort", ("%d and %d do not fit 64 bits"):format(value, delta))
  end
  local count, err = self.counts:advance(id, delta)
  if not count then
    return nil, err
  end
  return { [id] = count }
end

--- What was added in all.
-- @treturn[1] integer
-- @treturn[2] nil
-- @treturn[2] err abort, when that does not fit 64 bits: what replicas accepted apart from
--   each other may be too much together, and no merge is refused
function GCounter:value()
  local value = sum(self.counts:values())
  if not value then
    return nil, errors.new("abort", "the sum of all replicas does not fit 64 bits")
  end
  return value
end

--- All counts, for a message's body.
-- @treturn table replica id to count
function GCounter:state()
  return self.counts:state()
end

--- Takes in a state, whole or in part.
-- @tparam table state
-- @treturn[1] boolean whether something was new
-- @treturn[2] nil
-- @treturn[2] err malformed_request; nothing is changed
function GCounter:merge(state)
  local ok, err = version_vector.check(state, "g_counter")
  if not ok then
    return nil, err
  end
  return self.counts:merge(state)
end

return g_counter
