--- Registers by key that are merged between nodes: of two writes to a key the later one stays.
--
-- Later is what has the greater Lamport stamp, [time, writer]; see hearsay.clock.lamport. A writer
-- is one start of a node, with a name of its own: a node that has lost its memory counts from the
-- beginning, and would otherwise give two writes the same stamp, of which some nodes keep the one
-- and others the other, for ever.
--
-- Merging is associative, commutative and idempotent, so nodes that have merged the same writes, in
-- any order and any number of times, hold the same: a map of crdt.lww_register, in effect, with one
-- clock for all keys. Whatever is written by who has seen a write has a greater stamp than that.
--
-- Writes travel in units, lists of `[key, value, stamp]`. What is written in one step is a
-- unit of one stamp; the whole state is a unit, too. All of a unit is applied before anybody reads,
-- as nothing here waits. So that no line is long, a large unit travels in parts, {writes, part,
-- of}, and is applied when the last one has come. Parts of a unit must come in order, and with
-- nothing else from the same sender between them.
-- @module hearsay.registers

local brief = require "hearsay.brief"
local errors = require "hearsay.errors"
local ids = require "hearsay.ids"
local json = require "hearsay.json"
local lamport = require "hearsay.clock.lamport"

local Registers = {}
Registers.__index = Registers

local registers = {}

local PART = 100 -- writes

--- An empty set of registers.
-- @treturn registers
function registers.new()
  return setmetatable({ clock = lamport.new(), latest = {}, keys = {}, parts = {} }, Registers)
end

--- The value of a key.
-- @tparam integer|string key
-- @return the value, or nil
function Registers:get(key)
  local write = self.latest[key]
  return write and write[2]
end

function Registers:put(write)
  local key = write[1]
  if not self.latest[key] then
    self.keys[#self.keys + 1] = key
  end
  self.latest[key] = write
end

--- Writes some keys in one step. Needs the node's id, so init must have come.
-- @tparam {{key, value},...} changes each key once
-- @treturn unit for other nodes to merge; empty when nothing is written
function Registers:write(changes)
  local unit = json.array({})
  if not changes[1] then
    return unit
  end
  self.writer = self.writer or ids.counter()
  local stamp = self.clock:stamp(self.writer)
  for i, change in ipairs(changes) do
    unit[i] = json.array({ change[1], change[2], stamp })
    self:put(unit[i])
  end
  return unit
end

local function refuse(expected, got)
  error(errors.new("malformed_request",
    ("expected %s, got %s"):format(expected, brief(got))), 0)
end

local function is_write(write)
  return json.is_array(write) and #write == 3
    and (math.type(write[1]) == "integer" or type(write[1]) == "string")
    and lamport.check(write[3])
end

local function check(unit)
  if not json.is_array(unit) then
    refuse("a list of writes", unit)
  end
  for _, write in ipairs(unit) do
    if not is_write(write) then
      refuse("a write [key, value, [time, writer]]", write)
    end
  end
end

--- Takes over what is later than what is here.
-- @tparam unit unit
-- @treturn unit the writes that were news
-- @raise error malformed_request when it is no unit; then nothing is changed
function Registers:merge(unit)
  check(unit)
  local news = json.array({})
  for _, write in ipairs(unit) do
    local here, stamp = self.latest[write[1]], write[3]
    if stamp[1] > self.clock.time then
      self.clock:receive(stamp)
    end
    if not here or lamport.compare(stamp, here[3]) > 0 then
      self:put(write)
      news[#news + 1] = write
    end
  end
  return news
end

--- The whole state as one unit: its newest writes, in the order in which keys came up.
-- @treturn unit
function Registers:all()
  local unit = json.array({})
  for i, key in ipairs(self.keys) do
    unit[i] = self.latest[key]
  end
  return unit
end

--- Cuts a unit into parts of up to 100 writes, to be sent one after the other.
-- @tparam unit unit
-- @treturn {part,...} none for an empty unit
function registers.parts(unit)
  local parts, count = {}, (#unit + PART - 1) // PART
  for i = 1, count do
    local first, last = (i - 1) * PART + 1, math.min(i * PART, #unit)
    parts[i] = { writes = table.move(unit, first, last, 1, json.array({})) }
    if count > 1 then
      parts[i].part, parts[i].of = i, count
    end
  end
  return parts
end

--- Takes a part, and merges the unit when that is complete.
-- @tparam string src who sent it
-- @tparam part part
-- @treturn unit the writes that were news; none before the last part
-- @raise error malformed_request when it is none, or not the next; then nothing is changed
function Registers:take(src, part)
  local number, count = part.part or 1, part.of or 1
  local open = self.parts[src]
  check(part.writes)
  if number ~= 1 and not (open and number == open.part + 1 and count == open.of) then
    refuse("the next part of a unit, or the first", part)
  end
  local writes = number == 1 and json.array({}) or open.writes
  table.move(part.writes, 1, #part.writes, #writes + 1, writes)
  if number == count then
    self.parts[src] = nil
    return self:merge(writes)
  end
  self.parts[src] = { writes = writes, part = number, of = count }
  return json.array({})
end

return registers
