--- Hybrid logical clocks: Lamport clocks that stay close to real time.
--
--     local clock = hybrid.new { now = wall_clock, max_drift = 0.5 }
--
--     local stamp = clock:stamp(node.id)         -- [microseconds, counter, id]
--     local ok, err = clock:receive(msg.body.stamp)
--
-- A stamp is later than every stamp that could have caused it, whatever the clocks show, as with a
-- Lamport clock. Besides, its first part is never below this node's clock and never above the
-- greatest clock of those it heard from: so it tells when, as well as clocks do, and the counter
-- only orders what happened in one microsecond, or while this clock was behind.
--
-- A message from a clock too far ahead is refused, as else one wrong clock would take all others
-- with it. Clocks that have no common zero, such as node.now of several nodes, keep the order too;
-- then the first part tells nothing, and `max_drift` is to be math.huge.
--
-- Source: S. Kulkarni, M. Demirbas, D. Madappa, B. Avva, M. Leone, Logical Physical Clocks and
-- Consistent Snapshots in Globally Distributed Databases, OPODIS 2014. Cost: O(1).
-- @module hearsay.clock.hybrid

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local malformed = require "hearsay.malformed"

local Hybrid = { __name = "hearsay.hybrid" }
Hybrid.__index = Hybrid

local hybrid = {}

local LAST = 1 << 62 -- of microseconds, and of the counter

--- A clock.
-- @tparam table options
-- @tparam fun():number options.now a function, the physical clock in seconds; may step back
-- @tparam[opt=0.5] number options.max_drift seconds that a message may be ahead of that clock
-- @treturn hybrid
-- @raise on others
function hybrid.new(options)
  if type(options) ~= "table" or type(options.now) ~= "function" then
    error("hybrid.new: expected options with now, a function that returns seconds", 2)
  end
  local max_drift = options.max_drift or 0.5
  if type(max_drift) ~= "number" or max_drift < 0 or max_drift ~= max_drift then -- nan
    error("hybrid.new: max_drift must be a number from 0, in seconds, got "
      .. tostring(max_drift), 2)
  end
  return setmetatable({ now = options.now, max_drift = max_drift, time = 0, counter = 0 }, Hybrid)
end

-- The physical clock in microseconds.
function Hybrid:physical()
  return math.floor(self.now() * 1e6)
end

-- Goes on to the greatest of its own time, the physical clock, and that of a stamp, behind all
-- that has that time already.
function Hybrid:advance(physical, time, counter)
  local newest = math.max(self.time, physical, time)
  if newest == self.time and newest == time then
    self.counter = math.max(self.counter, counter) + 1
  elseif newest == self.time then
    self.counter = self.counter + 1
  elseif newest == time then
    self.counter = counter + 1
  else
    self.counter = 0
  end
  self.time = newest
end

--- A stamp for an event of this node, sending included.
-- @tparam string id of the node
-- @treturn table the array [microseconds, counter, id], for a message's body too
function Hybrid:stamp(id)
  if type(id) ~= "string" then
    error("hybrid.stamp: expected a node's id, a string, got " .. type(id), 2)
  end
  self:advance(self:physical(), -1, -1)
  return json.array({ self.time, self.counter, id })
end

--- Takes in the stamp of a message: later stamps of this node are behind it.
-- @param stamp
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] err malformed_request; or abort, when it is further ahead of the physical
--   clock than max_drift. The clock stands as it stood
function Hybrid:receive(stamp)
  local ok, err = hybrid.check(stamp)
  if not ok then
    return nil, err
  end
  local physical = self:physical()
  if stamp[1] - physical > self.max_drift * 1e6 then
    return nil, errors.new("abort", ("hybrid: a stamp of %s is %.3f s ahead of the clock here, "
      .. "more than %g s"):format(stamp[3], (stamp[1] - physical) * 1e-6, self.max_drift))
  end
  self:advance(physical, stamp[1], stamp[2])
  return true
end

--- Whether something is a stamp.
-- @param stamp
-- @treturn[1] table the stamp
-- @treturn[2] nil
-- @treturn[2] err malformed_request
function hybrid.check(stamp)
  local is_stamp = type(stamp) == "table" and type(stamp[3]) == "string" and stamp[4] == nil
  for i = 1, 2 do
    is_stamp = is_stamp and math.type(stamp[i]) == "integer" and stamp[i] >= 0 and stamp[i] < LAST
  end
  if not is_stamp then
    return malformed("hybrid",
      "a stamp, [microseconds, a counter, a node's id] with integers from 0 below 2^62", stamp)
  end
  return stamp
end

--- Compares two stamps: by time, then by counter, then by id in byte order.
-- @tparam table a a stamp
-- @tparam table b a stamp
-- @treturn integer -1 when a is before b, 1 when it is behind, 0 when they are equal
function hybrid.compare(a, b)
  for i = 1, 3 do
    if a[i] ~= b[i] then
      return a[i] < b[i] and -1 or 1
    end
  end
  return 0
end

return hybrid
