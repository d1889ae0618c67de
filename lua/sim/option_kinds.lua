--- The kinds of values that options take.
--
-- A kind is a function from the text given on the command line to the value; or to nil, what was
-- expected (in words that follow "expected") and, where it can be guessed, what was meant. Some are
-- made by a function here, from a range or a list.
-- @module sim.option_kinds

local nearest = require "sim.nearest"
local services = require "sim.services"

local kinds = {}

local SERVICES = {}
for _, name in ipairs(services.names) do
  SERVICES[name] = true
end

local function contains(list, word)
  for _, candidate in ipairs(list) do
    if candidate == word then
      return true
    end
  end
  return false
end

--- A number in a range.
-- @tparam number low
-- @tparam[opt] number high
-- @tparam[opt] boolean whole whether it must be a whole one
function kinds.number(low, high, whole)
  local kind = whole and "a whole number" or "a number"
  local range = string.format(high and " from %s to %s" or ", %s or more", low, high)
  return function(text)
    local value = text:find("^[%d.eE+-]+$") and tonumber(text)
    if value and whole then
      value = math.tointeger(value)
    end
    if not value or value < low or value > (high or math.maxinteger) then
      return nil, kind .. range
    end
    return value
  end
end

--- A whole number in a range.
function kinds.integer(low, high)
  return kinds.number(low, high, true)
end

--- A number above 0.
function kinds.above_zero(text)
  local value = kinds.number(0)(text)
  if not value or value == 0 then
    return nil, "a number above 0"
  end
  return value
end

--- One of some words.
-- @tparam {string,...} list
-- @tparam[opt] function load for words that are more than these, the paths of Lua files: returns
--   anything, or nil and what is wrong with the file
function kinds.one_of(list, load)
  return function(text)
    if contains(list, text) then
      return text
    elseif load and text:find("%.lua$") then
      local found, message = load(text)
      return found and text, not found and "a file that can be used; " .. message or nil
    end
    local meant = nearest.find(text, list)
    return nil, (#list > 1 and "one of " or "") .. table.concat(list, ", "), meant
  end
end

local function words_of_list(text)
  local words = {}
  for word in (text .. ","):gmatch("%s*(.-)%s*,") do
    words[#words + 1] = word
  end
  return words
end

--- Some of some words, with commas between them: a list. See kinds.one_of.
function kinds.list_of(allowed, load)
  local pick = kinds.one_of(allowed, load)
  return function(text)
    local words = words_of_list(text)
    for _, word in ipairs(words) do
      local _, expected, meant = pick(word)
      if expected then
        return nil, (expected:gsub("^one of", "one or more, with commas, of")), meant
      end
    end
    return words
  end
end

--- Whole numbers with commas between them: a table with them as keys.
function kinds.number_set(text)
  local set = {}
  for _, word in ipairs(words_of_list(text)) do
    local n = math.tointeger(tonumber(word))
    if not n or n < 0 then
      return nil, "whole numbers with commas between them; 0 for none"
    end
    set[n] = true
  end
  return set
end

--- Ids of nodes with commas between them: a list.
function kinds.node_ids(text)
  local ids, seen = words_of_list(text), {}
  for _, id in ipairs(ids) do
    if id == "" then
      return nil, "node ids with commas between them, as in n1,n2,n3"
    elseif seen[id] then
      return nil, "node ids that differ; " .. id .. " is there twice"
    elseif SERVICES[id] or id:find("^c%d+$") then
      return nil, "node ids other than " .. id .. ", which is a service or a client"
    end
    seen[id] = true
  end
  return ids
end

--- A number of clients, in all or for each node: {count, per_node}.
function kinds.concurrency(text)
  local count, per_node = text:match("^(%d+)(n?)$")
  count = count and math.tointeger(tonumber(count))
  if not count or count < 1 or count > 100000 then
    return nil, "a whole number from 1 to 100000, or that many for each node, as in 2n"
  end
  return { count = count, per_node = per_node == "n" }
end

--- "total", or a part from 0 to 1.
function kinds.availability(text)
  if text == "total" then
    return text
  end
  local value = kinds.number(0, 1)(text)
  return value, not value and "total or a number from 0 to 1" or nil
end

--- Any text but an empty one.
function kinds.any_text(text)
  if text == "" then
    return nil, "a name"
  end
  return text
end

--- A command, split at spaces as a shell does, as far as 'single' and "double" quotes go: a list of
-- words.
function kinds.command_words(text)
  local words, word, at = {}, nil, 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == "'" or char == '"' then
      local close = text:find(char, at + 1, true)
      if not close then
        return nil, "a command whose quotes are closed"
      end
      word = (word or "") .. text:sub(at + 1, close - 1)
      at = close
    elseif char:find("%s") then
      if word then
        words[#words + 1] = word
      end
      word = nil
    else
      word = (word or "") .. char
    end
    at = at + 1
  end
  words[#words + 1] = word
  if #words == 0 then
    return nil, "a program to run"
  end
  return words
end

return kinds
