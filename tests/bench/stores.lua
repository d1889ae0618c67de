-- The seen-set alone, from a thousand to ten million integers, beside a Lua table: operations a
-- second, and bytes a value.

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

local function fill_table(size)
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

local function rate(fill, size)
  return function()
    return size / sample.seconds(function() fill(size) end, 0.01) / 1e6
  end
end

function stores.run(bench)
  if not bench.wants("seen") then
    return
  end
  -- First, while there is no memory around that could be used again.
  local before = resident()
  local set = fill_seen(TABLES_MOST)
  bench.report({ group = "stores", name = "seen, bytes a value of 1e6", unit = "bytes",
    figure = (resident() - before) / #set })
  for _, size in ipairs(SIZES) do
    local has_table = size <= TABLES_MOST
    local rounds = size <= TABLES_MOST and 3 or 1
    local medians = sample.interleaved(rounds,
      { rate(fill_seen, size), has_table and rate(fill_table, size) or nil })
    bench.report({ group = "stores", name = ("seen, add of %.0e"):format(size), unit = "M/s",
      figure = medians[1], baseline = medians[2], faster = true })
  end
end

return stores
