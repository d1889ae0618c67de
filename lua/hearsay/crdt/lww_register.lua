--- One value, of which the last one written stays; see hearsay.crdt for what all types have.
--
--     local name = lww_register.new()
--     name:set(node.id, "Ada")
--     name:value()                 -- "Ada"; nil when nobody has set it
--
-- A write gets a Lamport stamp, [time, replica], one behind that of the value it overwrites, and
-- the value with the greatest stamp stays: so a write beats whatever its writer had seen. Of two
-- that do not know of each other one is lost, at all replicas the same: that is the price of always
-- accepting both. Where both matter, take an or_set.
--
-- Cost: O(1), and the stamp in the state.
-- @module hearsay.crdt.lww_register

local json = require "hearsay.json"
local lamport = require "hearsay.clock.lamport"
local malformed = require "hearsay.malformed"

local Register = { __name = "hearsay.lww_register" }
Register.__index = Register

local lww_register = {}

--- A register without a value.
-- @treturn register
function lww_register.new()
  return setmetatable({}, Register)
end

-- Takes a value over if it is later than what is there.
function Register:take(value, stamp)
  local order = self.stamp and lamport.compare(stamp, self.stamp) or 1
  -- A stamp that was given twice is an id that was used twice. All replicas still agree.
  if order == 0 then
    local text, current = json.encode(value, true), json.encode(self.content, true)
    order = text > current and 1 or 0
  end
  if order > 0 then
    self.content, self.stamp = value, stamp
  end
  return order > 0
end

--- Writes a value, over all that is known here.
-- @tparam string id of the replica that writes: of this one
-- @param value anything JSON can say, json.null included
function Register:set(id, value)
  if type(id) ~= "string" or value == nil then
    error("lww_register.set: expected a replica's id, a string, and a value", 2)
  end
  local time = self.stamp and self.stamp[1] or 0
  self:take(value, json.array({ time + 1, id }))
end

--- The value.
-- @return nil when there is none
function Register:value()
  return self.content
end

--- The value with its stamp, for a message's body.
-- @treturn table `{value, stamp}`, empty when there is none
function Register:state()
  return { value = self.content, stamp = self.stamp }
end

--- Takes in a state.
-- @tparam table state
-- @treturn[1] boolean whether its value is later, and is here now
-- @treturn[2] nil
-- @treturn[2] err malformed_request; nothing is changed
function Register:merge(state)
  if type(state) ~= "table" or json.is_array(state)
    or (state.value == nil) ~= (state.stamp == nil) then
    return malformed("lww_register", "an object with a value and a stamp, or without both", state)
  elseif state.stamp == nil then
    return false
  end
  local stamp, err = lamport.check(state.stamp)
  if not stamp then
    return nil, err
  end
  return self:take(state.value, state.stamp)
end

return lww_register
