-- The benchmarks: make bench.
--
--   ./node --lua tests/bench/main.lua BUILD-FOLDER [TEXT]
--
-- Each figure stands beside that of its baseline in the same run; the ratio says how many times
-- better ours is, and is what can be compared from machine to machine. With a text, only the
-- benchmarks that have it in their names. The same as JSON in build/bench.json.

package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path

local json = require "hearsay.json"

local build, only = arg[1] or error("expected the build folder", 0), arg[2]
local bench = { build = build .. "/tests/bench", folder = build .. "/bench", results = {} }

function bench.wants(name)
  return only == nil or only == "" or name:find(only, 1, true) ~= nil
end

function bench.measure(mode, input, command)
  local pipe = assert(io.popen(("%s/measure %s %s %s"):format(bench.build, mode, input, command)))
  local line
  for text in pipe:lines() do
    line = text -- the last one; before it a program may have said something
  end
  assert(pipe:close() and line, command .. " did not run")
  return assert(json.decode(line))
end

local function shown(number)
  if number == nil then
    return ""
  end
  return number >= 100 and ("%.0f"):format(number) or ("%.3g"):format(number)
end

local function ratio(result, other)
  if other == nil or result.figure == 0 then
    return nil
  end
  return result.faster and result.figure / other or other / result.figure
end

-- Whether the aim is met, and which it is.
local function judge(r)
  local aim, met
  if r.target then
    aim, met = (">= %.3g times"):format(r.target), r.ratio == nil or r.ratio >= r.target
  elseif r.least then
    aim, met = ">= " .. shown(r.least), r.figure >= r.least
  elseif r.most then
    aim, met = "<= " .. shown(r.most), r.figure <= r.most
  else
    return "", ""
  end
  return aim, met and "yes" or "NO"
end

local LINE = "%-34s %10s %10s %7s %10s  %-14s %s %s"

function bench.report(result)
  result.ratio = ratio(result, result.baseline)
  local aim, met = judge(result)
  table.insert(bench.results, result)
  print((LINE:format(result.name, shown(result.figure), shown(result.baseline), shown(result.ratio),
    shown(result.floor), result.unit, aim, met):gsub("%s+$", "")))
  io.stdout:flush()
end

assert(os.execute("mkdir -p " .. bench.folder))
print((LINE:format("", "ours", "baseline", "times", "floor", "unit", "aim", "")))
for _, group in ipairs({ "processes", "codec", "stores", "simulation" }) do
  require(group).run(bench)
end

local file = assert(io.open("build/bench.json", "w"))
file:write(json.encode({ results = json.array(bench.results) }, true), "\n")
file:close()
print("as JSON: build/bench.json")
