-- What the logs in C cost beside plain Lua ones: ./node --lua tests/bench/log.lua.
--
-- A plain one is a table of {offset, value} a key, and encodes what it sends. Processor time, the
-- median of five runs, both interleaved; memory is what the process got from the system.

local json = require "hearsay.json"
local logs = require "hearsay.log"

local ROUNDS = 5
local ENTRIES = 1000000
local READS = 20000
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

local function resident_bytes()
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmRSS:%s*(%d+)")
    if kilobytes then
      return kilobytes * 1024
    end
  end
end

local function measure(new, results)
  collectgarbage()
  local before = resident_bytes()
  local log = new()
  local start = os.clock()
  for i = 1, ENTRIES do
    log:append("k1", 5000000 + i)
  end
  table.insert(results.append, (os.clock() - start) / ENTRIES * 1e9)
  collectgarbage()
  table.insert(results.bytes, (resident_bytes() - before) / ENTRIES)
  start = os.clock()
  for i = 1, READS do
    local text = json.encode({ msgs = { k1 = log:read("k1", i * 37, PAGE) } })
    assert(#text > PAGE)
  end
  table.insert(results.read, (os.clock() - start) / READS * 1e9)
end

local function median(list)
  table.sort(list)
  return list[#list // 2 + 1]
end

local ours = { append = {}, read = {}, bytes = {} }
local theirs = { append = {}, read = {}, bytes = {} }
for _ = 1, ROUNDS do
  measure(logs.new, ours)
  measure(plain.new, theirs)
end

print("| | hearsay.log | plain Lua | ratio |")
print("| --- | --- | --- | --- |")
for _, row in ipairs({ { "append", "ns an append" }, { "read", "ns a poll of " .. PAGE },
  { "bytes", "bytes an entry" } }) do
  local a, b = median(ours[row[1]]), median(theirs[row[1]])
  print(("| %s | %.0f | %.0f | %.1f |"):format(row[2], a, b, b / a))
end
