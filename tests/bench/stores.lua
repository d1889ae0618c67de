-- The seen-set and the log alone, from a thousand to ten million entries, beside Lua tables:
-- operations a second, and bytes an entry.

local logs = require "hearsay.log"
local sample = require "sample"
local seen = require "hearsay.seen"

local stores = {}

local SIZES = { 1000, 100000, 1000000, 10000000 }
local TABLES_MOST = 1000000 -- a Lua table of more is slow to fill and proves nothing

-- Integers in no order that helps anybody, none twice.
local function value(i)
  return (i * 0x9e3779b1) & 0xffffffff
end

local function resident()
  local file = assert(io.open("/proc/self/statm"))
  local _, pages = file:read("n", "n")
  file:close()
  return pages * 4096
end

local function fill_seen(size)
  local set = seen.new()
  for i = 1, size do
    set:add(value(i))
  end
  return set
end

local function fill_set(size)
  local set, list = {}, {}
  for i = 1, size do
    local v = value(i)
    if not set[v] then
      set[v] = true
      list[#list + 1] = v
    end
  end
  return set, list
end

local function fill_log(size)
  local log = logs.new()
  for i = 1, size do
    log:append("k", i)
  end
  return log
end

-- As a script without hearsay.log keeps one: it has to be encoded when it is polled.
local function fill_list(size)
  local keys = { k = {} }
  for i = 1, size do
    local entries = keys["k"]
    entries[#entries + 1] = { #entries, i }
  end
  return keys
end

local function rate(fill, size)
  return function()
    return size / sample.seconds(function() fill(size) end, 0.01) / 1e6
  end
end

-- Measures one of them: how it and its plain counterpart are filled.
local function measure(bench, name, verb, fill, fill_plain)
  if not bench.wants(name) then
    return
  end
  -- First, while there is no memory around that could be used again.
  local before = resident()
  local store = fill(TABLES_MOST)
  bench.report({ group = "stores", name = name .. ", bytes an entry of 1e6", unit = "bytes",
    figure = (resident() - before) / #store })
  for _, size in ipairs(SIZES) do
    local is_small = size <= TABLES_MOST
    local medians = sample.interleaved(is_small and 3 or 1,
      { rate(fill, size), is_small and rate(fill_plain, size) or nil })
    bench.report({ group = "stores", name = ("%s, %s of %.0e"):format(name, verb, size),
      unit = "M/s", figure = medians[1], baseline = medians[2], faster = true })
  end
end

function stores.run(bench)
  measure(bench, "log", "append", fill_log, fill_list)
  measure(bench, "seen", "add", fill_seen, fill_set)
end

return stores
