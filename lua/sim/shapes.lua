--- What the operations of each workload look like in a history: the functions there are, what each
-- is given and what it is answered with when it is ok. What the bench itself writes is of these
-- shapes; histories that are read from files are held against them, so that checkers meet no
-- others.
-- @module sim.shapes

local json = require "hearsay.json"

local function is_integer(v)
  return math.type(v) == "integer"
end

local function is_object(v)
  return type(v) == "table" and not json.is_array(v)
end

local function each(list, fits)
  if not json.is_array(list) then
    return false
  end
  for i = 1, #list do
    if not fits(list[i]) then
      return false
    end
  end
  return true
end

local function is_map(object, fits)
  if not is_object(object) then
    return false
  end
  for _, field in pairs(object) do
    if not fits(field) then
      return false
    end
  end
  return true
end

-- A shape: what it is in words, and whether a value (nil: there is none) has it.
local any = { "a value", function(v) return v ~= nil end }
local nothing = { "none", function(v) return v == nil end }
local done = { "true", function(v) return v == true end }
local list = { "an array", json.is_array }
local integer = { "a whole number", is_integer }

local message = { 'an object with key, a text, and msg', function(v)
  return is_object(v) and type(v.key) == "string" and v.msg ~= nil
end }
local assignment = { "an object with keys, an array of texts, and perhaps seek_to_beginning",
  function(v)
    return is_object(v) and each(v.keys, function(key) return type(key) == "string" end)
  end }
local offset = { "an offset from 0 up", is_integer }
local entries = { "an object of arrays of [offset, message]", function(v)
  return is_map(v, function(shown)
    return each(shown, function(pair)
      return json.is_array(pair) and #pair == 2 and is_integer(pair[1])
    end)
  end)
end }
local listed = { "an object of offsets, or true", function(v)
  return v == true or is_map(v, is_integer)
end }

local register = { "an object with key", function(v) return is_object(v) and v.key ~= nil end }
local writing = { "an object with key and value", function(v)
  return is_object(v) and v.key ~= nil and v.value ~= nil
end }
local swap = { "an object with key, from and to", function(v)
  return is_object(v) and v.key ~= nil and v.from ~= nil and v.to ~= nil
end }

-- Transactions whose writes have a name; `is_value` says what a read may show.
local function transaction(write, is_value, text)
  return { ('an array of ["r", key, %s] and ["%s", key, value]'):format(text, write), function(v)
    return each(v, function(micro)
      return json.is_array(micro) and #micro == 3 and (micro[1] == write
        or micro[1] == "r" and (micro[3] == json.null or is_value(micro[3])))
    end)
  end }
end

local over_registers = transaction("w", function() return true end, "value or null")
local over_lists = transaction("append", json.is_array, "array or null")

local set = { add = { any, done }, read = { nothing, list } }
local counter = { add = { integer, done }, read = { nothing, integer } }

--- By workload and function: the shape of the value and that of the result, `{words, fits}` each.
return {
  echo = { echo = { any, any } },
  ["unique-ids"] = { generate = { nothing, any } },
  broadcast = { broadcast = { any, done }, read = { nothing, list } },
  ["g-set"] = set,
  ["g-counter"] = counter,
  ["pn-counter"] = counter,
  kafka = {
    send = { message, offset }, poll = { nothing, entries }, assign = { assignment, listed },
    crash = { nothing, nothing },
  },
  ["lin-kv"] = { read = { register, any }, write = { writing, done }, cas = { swap, done } },
  ["txn-rw-register"] = { txn = { over_registers, over_registers } },
  ["txn-list-append"] = { txn = { over_lists, over_lists } },
}
