--- A counter that goes up and down; see hearsay.crdt for what all types have.
--
--     local total = pn_counter.new()
--     total:add(node.id, -3)       -- returns {p = {}, n = {n1 = 3}}, all that others need to hear
--
-- Two counts for each replica, of what was added at it and of what was taken away, as both only
-- grow: with one number for both nobody could tell which of two is the later.
-- @module hearsay.crdt.pn_counter

local errors = require "hearsay.errors"
local malformed = require "hearsay.malformed"
local sum = require "hearsay.crdt.sum"
local version_vector = require "hearsay.clock.version_vector"

local PNCounter = { __name = "hearsay.pn_counter" }
PNCounter.__index = PNCounter

local pn_counter = {}

--- A counter at 0.
-- @treturn pn_counter
function pn_counter.new()
  return setmetatable({ plus = version_vector.new(), minus = version_vector.new() }, PNCounter)
end

--- Counts up or down.
-- @tparam string id of the replica at which it is added: of this one
-- @tparam integer delta
-- @treturn[1] table a state that has this change only, to be merged as a whole one is
-- @treturn[2] nil
-- @treturn[2] err abort, when the sum that is known here, or one of the two counts of this
--   replica, would not fit 64 bits any more; nothing is changed
-- @raise when delta is no integer
function PNCounter:add(id, delta)
  if type(id) ~= "string" or math.type(delta) ~= "integer" then
    error("pn_counter.add: expected a replica's id, a string, and an integer", 2)
  end
  local value = self:value()
  if delta == math.mininteger or (value and not sum({ value, delta })) then
    return nil, errors.new("abort", ("%s and %d do not fit 64 bits"):format(value, delta))
  end
  local counts = delta >= 0 and self.plus or self.minus
  local count, err = counts:advance(id, math.abs(delta))
  if not count then
    return nil, err
  end
  return delta >= 0 and { p = { [id] = count }, n = {} } or { p = {}, n = { [id] = count } }
end

--- What was added less what was taken away.
-- @treturn[1] integer
-- @treturn[2] nil
-- @treturn[2] err abort, when that does not fit 64 bits; no merge is refused for it
function PNCounter:value()
  local list = self.plus:values()
  for _, count in ipairs(self.minus:values()) do
    list[#list + 1] = -count
  end
  local value = sum(list)
  if not value then
    return nil, errors.new("abort", "the sum of all replicas does not fit 64 bits")
  end
  return value
end

--- All counts, for a message's body.
-- @treturn table `p` and `n`, each replica id to count
function PNCounter:state()
  return { p = self.plus:state(), n = self.minus:state() }
end

--- Takes in a state, whole or in part.
-- @tparam table state
-- @treturn[1] boolean whether something was new
-- @treturn[2] nil
-- @treturn[2] err malformed_request; nothing is changed
function PNCounter:merge(state)
  if type(state) ~= "table" or state.p == nil or state.n == nil then
    return malformed("pn_counter", "an object with p and n", state)
  end
  for _, part in ipairs({ state.p, state.n }) do
    local ok, err = version_vector.check(part, "pn_counter")
    if not ok then
      return nil, err
    end
  end
  local is_up, is_down = self.plus:merge(state.p), self.minus:merge(state.n)
  return is_up or is_down
end

return pn_counter
