--- Version vectors: how far each replica has got, as known here.
--
--     local vector = version_vector.new()
--
--     vector:advance(node.id)                    -- something changed here
--     vector:compare(msg.body.version)           -- "before": they have something that we lack
--     vector:merge(msg.body.version)
--
-- A vector counts for each replica; what it does not name is at 0. One is before another when no
-- count is greater and some are smaller; when each has a greater count they are concurrent: both
-- sides changed something that the other does not know. This is what Lamport times cannot tell.
--
-- Its state, for a message's body, is an object of ids to counts. Merging takes the greater count
-- of each, which is associative, commutative and idempotent: states may be lost, come twice, and
-- come in any order.
--
-- Source: D. S. Parker et al., Detection of Mutual Inconsistency in Distributed Systems, IEEE
-- Transactions on Software Engineering 9(3), 1983. Cost: O(replicas) for all but advance and get.
-- @module hearsay.clock.version_vector

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local malformed = require "hearsay.malformed"

local Vector = { __name = "hearsay.version_vector" }
Vector.__index = Vector

local version_vector = {}

--- A vector with all at 0.
-- @treturn vector
function version_vector.new()
  return setmetatable({ counts = {} }, Vector)
end

--- Whether something is the state of a vector.
-- @param state
-- @tparam[opt="version vector"] string what to call it in the error
-- @treturn[1] table the state
-- @treturn[2] nil
-- @treturn[2] err malformed_request
function version_vector.check(state, what)
  what = what or "version vector"
  if type(state) ~= "table" or json.is_array(state) then
    return malformed(what, "an object of replica ids to integers from 0", state)
  end
  for id, count in pairs(state) do
    if type(id) ~= "string" or math.type(count) ~= "integer" or count < 0 then
      return malformed(what, "an object of replica ids to integers from 0", state)
    end
  end
  return state
end

--- How far a replica has got.
-- @tparam string id
-- @treturn integer 0 when nothing is known of it
function Vector:get(id)
  return self.counts[id] or 0
end

--- Counts on for a replica. Only that replica itself may do so.
-- @tparam string id
-- @tparam[opt=1] integer by how far, from 0
-- @treturn[1] integer where it is now
-- @treturn[2] nil
-- @treturn[2] err abort when that does not fit 64 bits; nothing is changed
function Vector:advance(id, by)
  by = by or 1
  if type(id) ~= "string" or math.type(by) ~= "integer" or by < 0 then
    error("version_vector.advance: expected a replica's id, a string, and an integer from 0", 2)
  end
  local count = self:get(id)
  if count > math.maxinteger - by then
    return nil, errors.new("abort", ("%d and %d of %s do not fit 64 bits"):format(count, by, id))
  end
  if by > 0 then
    self.counts[id] = count + by
  end
  return count + by
end

--- Takes in what another one knows.
-- @tparam table state
-- @treturn[1] boolean whether this one was changed by it
-- @treturn[2] nil
-- @treturn[2] err malformed_request; nothing is changed
function Vector:merge(state)
  local ok, err = version_vector.check(state)
  if not ok then
    return nil, err
  end
  local is_changed = false
  for id, count in pairs(state) do
    if count > self:get(id) then
      self.counts[id] = count
      is_changed = true
    end
  end
  return is_changed
end

-- Whether a has a count that is greater than b's.
local function exceeds(a, b)
  for id, count in pairs(a) do
    if count > (b[id] or 0) then
      return true
    end
  end
  return false
end

--- How this vector stands to another one.
-- @tparam table state of the other one
-- @treturn[1] string "before", "after", "equal" or "concurrent"
-- @treturn[2] nil
-- @treturn[2] err malformed_request
function Vector:compare(state)
  local ok, err = version_vector.check(state)
  if not ok then
    return nil, err
  end
  local has_more, has_less = exceeds(self.counts, state), exceeds(state, self.counts)
  if has_more then
    return has_less and "concurrent" or "after"
  end
  return has_less and "before" or "equal"
end

--- The counts that are above 0, in no order.
-- @treturn {integer,...}
function Vector:values()
  local list = {}
  for _, count in pairs(self.counts) do
    list[#list + 1] = count
  end
  return list
end

--- What merge and compare of another vector take: a copy, for a message's body.
-- @treturn table replica id to count, those above 0
function Vector:state()
  local state = {}
  for id, count in pairs(self.counts) do
    state[id] = count
  end
  return state
end

return version_vector
