--- A set to which things are added and never removed; see hearsay.crdt for what all types have.
--
--     local set = g_set.new()
--     set:add(7)                   -- true: it is new
--     set:since(version)           -- what was added after a version: a state, and a delta
--
-- Elements are anything JSON can say, 1, 1.0 and "1" told apart. They are in a hearsay.seen set, in
-- C: a state of 100,000 elements in a body is a copy of bytes. Cost: add, has O(1); merge O(state).
-- @module hearsay.crdt.g_set

local json = require "hearsay.json"
local malformed = require "hearsay.malformed"
local seen = require "hearsay.seen"

local GSet = { __name = "hearsay.g_set" }
GSet.__index = GSet

local g_set = {}

--- An empty set.
-- @treturn g_set
function g_set.new()
  return setmetatable({ elements = seen.new() }, GSet)
end

--- Adds an element.
-- @param element
-- @treturn boolean whether it is new
function GSet:add(element)
  return self.elements:add(element)
end

--- Whether an element is there.
-- @param element
-- @treturn boolean
function GSet:has(element)
  return self.elements:has(element)
end

--- The elements, in the order in which they came here.
-- @treturn table array
function GSet:value()
  return self.elements:values()
end

--- The version: how many elements there are. It is this object's own.
-- @treturn integer
function GSet:version()
  return self.elements:version()
end

--- What came after a version: less than the state, and merged as a state is.
-- @tparam integer version
-- @return an array for a message's body
function GSet:since(version)
  return (self.elements:since(version))
end

--- All elements, for a message's body.
-- @return the hearsay.seen set itself
function GSet:state()
  return self.elements
end

--- Takes in a state, or part of one.
-- @tparam table state an array
-- @treturn[1] boolean whether something was new
-- @treturn[2] nil
-- @treturn[2] err malformed_request
function GSet:merge(state)
  if not json.is_array(state) then
    return malformed("g_set", "an array of elements", state)
  end
  return self.elements:merge(state) > 0
end

return g_set
