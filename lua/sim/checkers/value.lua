--- JSON values as the checkers compare them: one text, one order.
--
-- Values come out of replies, so they may be anything JSON has. They are equal
-- when their texts are: 1, 1.0 and "1" are three values, and the order of the
-- keys of an object does not matter.
-- @module sim.checkers.value

local sorted = require "hearsay.sorted"

local value = {}

local array_mark = { __name = "sim.array" }

--- Marks a table as an array, so that it is `[]` when it is empty.
-- @tparam table list
-- @treturn table the same table
function value.array(list)
  return setmetatable(list, array_mark)
end

--- Whether a table is written as an array. The decoder marks arrays with a metatable as well;
-- objects have none.
-- @tparam table table_value
-- @treturn boolean
function value.is_array(table_value)
  return getmetatable(table_value) ~= nil or table_value[1] ~= nil
end

local escapes = {
  ["\""] = "\\\"", ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function escape(char)
  return escapes[char] or string.format("\\u%04x", char:byte())
end

local function float_text(x)
  if x ~= x then
    return "null"
  elseif x == math.huge or x == -math.huge then
    return x > 0 and "1e999" or "-1e999"
  end
  for digits = 15, 17 do
    local text = string.format("%." .. digits .. "g", x)
    if tonumber(text) == x then
      return text:find("[.e]") and text or text .. ".0"
    end
  end
end

--- The JSON text of a value, without spaces and with sorted keys.
-- @param v a string, number, boolean, null (a light userdata, as the decoder gives it, or nil),
--   or a table of such
-- @treturn string
function value.text(v)
  local kind = math.type(v) or type(v)
  if kind == "integer" then
    return string.format("%d", v)
  elseif kind == "float" then
    return float_text(v)
  elseif kind == "string" then
    return '"' .. v:gsub("[%c\"\\]", escape) .. '"'
  elseif kind == "boolean" then
    return tostring(v)
  elseif kind ~= "table" then
    return "null"
  end
  local parts = {}
  if value.is_array(v) then
    for i, element in ipairs(v) do
      parts[i] = value.text(element)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for i, key in ipairs(sorted.keys(v)) do
    parts[i] = value.text(key) .. ":" .. value.text(v[key])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- Whether two values are the same JSON value.
-- @param a a value
-- @param b a value
-- @treturn boolean
function value.equal(a, b)
  return value.text(a) == value.text(b)
end

local ranks = { boolean = 1, number = 2, string = 3, table = 4 }

--- A total order over all values, for lists that print the same in every run: null, booleans,
-- numbers, strings, then arrays and objects by their text.
-- @param a a value
-- @param b a value
-- @treturn boolean whether a comes before b
function value.before(a, b)
  local rank_a, rank_b = ranks[type(a)] or 0, ranks[type(b)] or 0
  if rank_a ~= rank_b then
    return rank_a < rank_b
  elseif rank_a == 2 and a ~= b or rank_a == 3 then
    return a < b
  end
  return value.text(a) < value.text(b)
end

return value
