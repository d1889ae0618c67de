-- A node whose answers show each way in which a script can see where its values lie in memory: the
-- order of pairs() over keys that are no strings or numbers, addresses as text, and what the
-- collector has done by when. For tests/sim/addresses_spec.lua and tests/sim/twice.lua.

local node = require "hearsay"
local seen = require "hearsay.seen"

local MAKERS = {
  tables = function() return {} end,
  functions = function(i) return function() return i end end,
  coroutines = function() return coroutine.create(print) end,
  userdata = function() return seen.new() end,
}

-- The numbers of forty keys in the order of pairs().
local function order(make)
  local numbers, list = {}, {}
  for i = 1, 40 do
    numbers[make(i)] = i
  end
  for _, i in pairs(numbers) do
    list[#list + 1] = i
  end
  return list
end

-- The names of the library's functions in the order of pairs() over the functions.
local function library()
  local names, list = {}, {}
  for _, module in ipairs({ "string", "table", "math", "coroutine", "utf8", "hearsay.json" }) do
    for name, value in pairs(require(module)) do
      if type(value) == "function" then
        names[value] = module .. "." .. name
      end
    end
  end
  for i, value in ipairs({ print, next, type, error, pcall, select, setmetatable, require }) do
    names[value] = "global " .. i
  end
  for _, name in pairs(names) do
    list[#list + 1] = name
  end
  return list
end

-- How many of a hundred weak entries are left after some work, again and again.
local weak, left = setmetatable({}, { __mode = "k" }), {}

local function collected()
  for i = 1, 100 do
    weak[{}] = ("x"):rep(i * 10)
  end
  local count = 0
  for _ in pairs(weak) do
    count = count + 1
  end
  left[#left + 1] = count
  return left
end

-- In which order equal elements are after a sort that divides its table badly at first: Lua looks
-- at the clock then.
local function sorted()
  local list, numbers = {}, {}
  for i = 1, 1000 do
    list[i] = { rank = ({ [1] = 1, [500] = 2, [1000] = 3 })[i] or 4, i = i }
  end
  table.sort(list, function(a, b) return a.rank < b.rank end)
  for i = 1, 1000, 9 do
    numbers[#numbers + 1] = list[i].i
  end
  return numbers
end

node.on("echo", function(msg)
  local texts = {}
  for i, value in ipairs({ {}, print, function() end, coroutine.create(print), seen.new(),
    ipairs({}) }) do
    texts[i] = tostring(value) .. (" %s %p"):format(value, value)
  end
  local ok, err = pcall(error, setmetatable({}, { __name = "a type of its own" }))
  texts[#texts + 1] = tostring(err) .. tostring(ok)
  local orders = {}
  for name, make in pairs(MAKERS) do
    orders[name] = order(make)
  end
  return { type = "echo_ok", echo = msg.body.echo, texts = texts, orders = orders,
    library = library(), collected = collected(), sorted = sorted(),
    kilobytes = collectgarbage("count"),
    path = package.path, source = debug.getinfo(node.on, "S").source,
    missing = select(2, pcall(require, "no.such.module")) }
end)
