--- Lamport clocks: numbers that grow along every chain of messages.
--
--     local clock = lamport.new()
--
--     local stamp = clock:stamp(node.id)        -- of an event here; goes into messages
--     clock:receive(msg.body.stamp)             -- whatever happens here from now on is later
--     if lamport.compare(a, b) < 0 then .. end  -- the same order at every node
--
-- If one event could have caused another, its time is smaller. The reverse does not hold: of two
-- events that know nothing of each other either may have the smaller time. Where that matters, use
-- version vectors. A stamp is [time, node]: since no node gives a time twice, stamps are all
-- different, and comparing times, then ids, is a total order that agrees with causality.
--
-- Source: L. Lamport, Time, Clocks, and the Ordering of Events in a Distributed System, CACM 21(7),
-- 1978. Cost: O(1), 16 bytes of state.
--
-- A node that was restarted and has forgotten its time gives times again; give its stamps another
-- id then, such as `ids.counter()` at the start.
-- @module hearsay.clock.lamport

local json = require "hearsay.json"
local malformed = require "hearsay.malformed"

local Lamport = { __name = "hearsay.lamport" }
Lamport.__index = Lamport

local lamport = {}

-- No honest clock gets there; one that was set there by a message could not go on.
local LAST = 1 << 62

--- A clock at 0.
-- @treturn lamport
function lamport.new()
  return setmetatable({ time = 0 }, Lamport)
end

--- Goes on by one, for an event of this node, sending included.
-- @treturn integer its time, from 1
function Lamport:tick()
  self.time = self.time + 1
  return self.time
end

--- Goes on by one: a stamp for an event of this node.
-- @tparam string id of the node
-- @treturn table the array [time, id], for a message's body too
function Lamport:stamp(id)
  if type(id) ~= "string" then
    error("lamport.stamp: expected a node's id, a string, got " .. type(id), 2)
  end
  return json.array({ self:tick(), id })
end

--- Takes in the time that came with a message: goes past it.
-- @param time an integer from 0, or a stamp
-- @treturn[1] integer the time of the receipt
-- @treturn[2] nil
-- @treturn[2] err malformed_request; the clock stands as it stood
function Lamport:receive(time)
  if type(time) == "table" then
    local stamp, err = lamport.check(time)
    if not stamp then
      return nil, err
    end
    time = stamp[1]
  end
  if math.type(time) ~= "integer" or time < 0 or time >= LAST then
    return malformed("lamport", "a time, an integer from 0 below 2^62", time)
  end
  self.time = math.max(self.time, time) + 1
  return self.time
end

--- Whether something is a stamp.
-- @param stamp
-- @treturn[1] table the stamp
-- @treturn[2] nil
-- @treturn[2] err malformed_request
function lamport.check(stamp)
  if type(stamp) ~= "table" or math.type(stamp[1]) ~= "integer" or stamp[1] < 0
    or stamp[1] >= LAST or type(stamp[2]) ~= "string" or stamp[3] ~= nil then
    return malformed("lamport", "a stamp, [a time from 0 below 2^62, a node's id]", stamp)
  end
  return stamp
end

--- Compares two stamps: by time, then by id in byte order.
-- @tparam table a a stamp
-- @tparam table b a stamp
-- @treturn integer -1 when a is before b, 1 when it is behind, 0 when they are equal
function lamport.compare(a, b)
  for i = 1, 2 do
    if a[i] ~= b[i] then
      return a[i] < b[i] and -1 or 1
    end
  end
  return 0
end

return lamport
