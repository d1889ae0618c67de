--- A set with add and remove, in which a remove takes away what its replica has seen, and no more;
-- see hearsay.crdt for what all types have.
--
--     local cart = or_set.new()
--     cart:add(node.id, "milk")
--     cart:remove("milk")
--
-- Each add has a tag of its own, [replica, number]: a dot. A remove takes away the dots that are
-- here. One that was added elsewhere meanwhile has another dot, and stays: where add and remove are
-- concurrent, add wins; and what was removed can be added again.
--
-- No tombstones are kept. A version vector says which dots were ever seen here; so when a dot is in
-- one state and not in the other, it is new if the other's vector has not got that far, and removed
-- if it has. The state has the elements that are in the set, and one number a replica.
--
-- Source: A. Bieniusa, M. Zawirski, N. Preguica, M. Shapiro, C. Baquero, V. Balegas, S. Duarte, An
-- Optimized Conflict-free Replicated Set, INRIA 8083, 2012. Cost: add, remove, has O(1); state O(n
-- log n), merge O(n) for n elements.
-- @module hearsay.crdt.or_set

local json = require "hearsay.json"
local malformed = require "hearsay.malformed"
local sorted = require "hearsay.sorted"
local version_vector = require "hearsay.clock.version_vector"

local ORSet = { __name = "hearsay.or_set" }
ORSet.__index = ORSet

local or_set = {}

--- An empty set.
-- @treturn or_set
function or_set.new()
  return setmetatable({
    seen = version_vector.new(),
    entries = {}, -- text of an element to {element, dots: replica id to number}
  }, ORSet)
end

local function text_of(element)
  return json.encode(element, true)
end

--- Adds an element, also where it is there already: the add counts as later than what is known.
-- @tparam string id of the replica that adds: of this one
-- @param element anything JSON can say; 1, 1.0 and "1" differ
-- @treturn[1] boolean whether it is new
-- @treturn[2] nil
-- @treturn[2] err abort when this replica's numbers do not fit 64 bits
function ORSet:add(id, element)
  if type(id) ~= "string" or element == nil then
    error("or_set.add: expected a replica's id, a string, and an element", 2)
  end
  local text = text_of(element)
  local number, err = self.seen:advance(id)
  if not number then
    return nil, err
  end
  local is_new = self.entries[text] == nil
  self.entries[text] = { element = element, dots = { [id] = number } } -- for all dots seen so far
  return is_new
end

--- Removes an element as far as it was seen here.
-- @param element
-- @treturn boolean whether it was there
function ORSet:remove(element)
  if element == nil then
    error("or_set.remove: expected an element", 2)
  end
  local text = text_of(element)
  local was_there = self.entries[text] ~= nil
  self.entries[text] = nil
  return was_there
end

--- Whether an element is there.
-- @param element
-- @treturn boolean
function ORSet:has(element)
  return element ~= nil and self.entries[text_of(element)] ~= nil
end

--- The elements, in the byte order of their JSON texts.
-- @treturn table array
function ORSet:value()
  local list = json.array()
  for i, text in ipairs(sorted.keys(self.entries)) do
    list[i] = self.entries[text].element
  end
  return list
end

--- All there is, for a message's body.
-- @treturn table `seen`, the state of a version vector, and `entries`, an array of
--   [element, {replica id: number}], in the order of value
function ORSet:state()
  local list = json.array()
  for i, text in ipairs(sorted.keys(self.entries)) do
    local entry = self.entries[text]
    local dots = {}
    for id, number in pairs(entry.dots) do
      dots[id] = number
    end
    list[i] = json.array({ entry.element, dots })
  end
  return { seen = self.seen:state(), entries = list }
end

-- The entries of a state by text, as they are held here; or nil and an error.
local function check(state)
  if type(state) ~= "table" or not json.is_array(state.entries) then
    return malformed("or_set", "an object with seen and entries, an array", state)
  end
  local ok, err = version_vector.check(state.seen, "or_set: seen")
  if not ok then
    return nil, err
  end
  local entries = {}
  for _, entry in ipairs(state.entries) do
    if not json.is_array(entry) or #entry ~= 2 then
      return malformed("or_set", "entries of the form [element, dots]", entry)
    end
    local element, dots = entry[1], entry[2]
    ok, err = version_vector.check(dots, "or_set: dots")
    if not ok then
      return nil, err
    end
    local count = 0
    for id, number in pairs(dots) do
      count = count + 1
      if number < 1 or number > (state.seen[id] or 0) then
        return malformed("or_set", "dots from 1 up to what was seen", dots)
      end
    end
    local text = text_of(element)
    if count == 0 or entries[text] then
      return malformed("or_set", "each element once, with at least one dot", entry)
    end
    entries[text] = { element = element, dots = dots }
  end
  return entries
end

-- Those of one side's dots of an element that the other side has as well, or has not seen.
local function keep(dots, others, seen_by_others, into)
  for id, number in pairs(dots) do
    if others[id] == number or number > (seen_by_others[id] or 0) then
      into[id] = number
    end
  end
end

local NO_DOTS = {}

--- Takes in a state.
-- @tparam table state
-- @treturn[1] boolean whether that changed anything, be it only what was seen
-- @treturn[2] nil
-- @treturn[2] err malformed_request; nothing is changed
function ORSet:merge(state)
  local theirs, err = check(state)
  if not theirs then
    return nil, err
  end
  local mine, merged, is_changed = self.entries, {}, false
  local function take(text, element)
    if merged[text] then
      return
    end
    local old = mine[text] and mine[text].dots or NO_DOTS
    local new = theirs[text] and theirs[text].dots or NO_DOTS
    local dots = {}
    keep(old, new, state.seen, dots)
    keep(new, old, self.seen.counts, dots)
    for id, number in pairs(old) do -- a new dot changes what was seen besides
      is_changed = is_changed or dots[id] ~= number
    end
    if next(dots) then
      merged[text] = { element = element, dots = dots }
    end
  end
  for text, entry in pairs(mine) do
    take(text, entry.element)
  end
  for text, entry in pairs(theirs) do
    take(text, entry.element)
  end
  self.entries = merged
  return self.seen:merge(state.seen) or is_changed
end

return or_set
