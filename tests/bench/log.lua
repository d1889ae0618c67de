-- What the logs in C cost beside plain Lua ones: ./node --lua tests/bench/log.lua.
--
-- A plain one is a table of {offset, value} a key, and encodes what it sends. Processor time, the
-- median of five runs, both interleaved. A poll is the reading and the encoding of the reply;
-- the last row is what of that any reply would cost.

local json = require "hearsay.json"
local logs = require "hearsay.log"

local ROUNDS = 5
local ENTRIES = 1000000
local POLLS = 20000
local PAGE = 100

local plain = {}
plain.__index = plain

function plain.new()
  return setmetatable({ keys = {} }, plain)
end

function plain:append(key, value)
  local entries = self.keys[key]
  if not entries then
    entries = {}
    self.keys[key] = entries
  end
  entries[#entries + 1] = { #entries, value }
end

-- Offsets are dense here, so an entry needs no search.
function plain:read(key, from, max)
  return table.move(self.keys[key], from + 1, from + max, 1, {})
end

local function time(list, count, fn)
  collectgarbage()
  local start = os.clock()
  for i = 1, count do
    fn(i)
  end
  table.insert(list, (os.clock() - start) / count * 1e9)
end

local function measure(new, results)
  local log = new()
  time(results.append, ENTRIES, function(i)
    log:append("k1", 5000000 + i)
  end)
  time(results.poll, POLLS, function(i)
    return json.encode({ msgs = { k1 = (log:read("k1", i * 37, PAGE)) } })
  end)
  time(results.reply, POLLS, function(i)
    return json.encode({ msgs = { k1 = i } })
  end)
end

local function median(list)
  table.sort(list)
  return list[#list // 2 + 1]
end

local ours = { append = {}, poll = {}, reply = {} }
local theirs = { append = {}, poll = {}, reply = {} }
for _ = 1, ROUNDS do
  measure(logs.new, ours)
  measure(plain.new, theirs)
end

print("| ns | hearsay.log | plain Lua | ratio |")
print("| --- | --- | --- | --- |")
for _, row in ipairs({ { "append", "append" }, { "poll", "poll of " .. PAGE .. " entries" },
  { "reply", "reply without entries" } }) do
  local a, b = median(ours[row[1]]), median(theirs[row[1]])
  print(("| %s | %.0f | %.0f | %.1f |"):format(row[2], a, b, b / a))
end
