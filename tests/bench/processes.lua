-- Nodes as processes: what a message costs ./node, beside the obvious loop in plain Lua and, for
-- echo, the least that a node in C can do. build/.../measure runs them and reads the meter.

local inputs = require "inputs"
local items = require "items"
local sample = require "sample"

local ROUNDS = 3

local processes = {}

local function programs(bench, item)
  local plain = item.plain and "lua5.4 tests/bench/plain/" .. item.plain
  if item.asks then
    plain = plain .. " " .. inputs.first_request(bench.folder)
  end
  return {
    { name = "node", command = "./node --seed 1 " .. item.script },
    { name = "plain", command = plain },
    { name = "floor", command = item.floor and bench.build .. "/floor" },
  }
end

-- Medians by program's name of a figure that `read` makes of what measure says.
local function compare(bench, item, rounds, read)
  local functions, names = {}, {}
  for _, program in ipairs(programs(bench, item)) do
    if program.command then
      names[#names + 1] = program.name
      functions[#functions + 1] = function() return read(program.command) end
    end
  end
  local result = {}
  for i, median in ipairs(sample.interleaved(rounds, functions)) do
    result[names[i]] = median
  end
  return result
end

-- Microseconds of processor time that each of the last `count` messages costs: the time for all
-- without that for the ones before, which prepare.
local function per_message(bench, item)
  local before = item.prepare or 0
  local all = inputs.write(bench.folder, item.input, before + item.count, item.body)
  local part = inputs.write(bench.folder, item.input, before, item.body)
  return compare(bench, item, item.rounds or ROUNDS, function(command)
    local spent = bench.measure("feed", all, command).cpu_s
    return (spent - bench.measure("feed", part, command).cpu_s) / item.count * 1e6
  end)
end

local function throughput(bench, item)
  local medians = per_message(bench, item)
  local unit, each = item.unit or "us", item.each or 1
  local figures = {}
  for name, us in pairs(medians) do
    figures[name] = unit == "us" and us / each or each / us
  end
  bench.report({
    group = "processes", name = item.name, unit = unit, figure = figures.node,
    baseline = figures.plain, floor = figures.floor, faster = unit ~= "us",
    target = item.target, least = item.least,
  })
end

local ECHO = { script = "challenges/echo_1.lua", plain = "echo.lua", floor = true }

local function start_up(bench)
  local function wall(command)
    return function() return bench.measure("feed", "/dev/null", command).wall_s * 1e3 end
  end
  local medians = sample.interleaved(31, { wall("./node " .. ECHO.script), wall("lua5.4 -e ''") })
  bench.report({ group = "processes", name = "start-up, beside lua5.4 -e ''", unit = "ms",
    figure = medians[1], baseline = medians[2], target = 1 / 1.5 })
end

local function at_rest(bench)
  local init = inputs.write(bench.folder, "echo", 1, inputs.echo)
  local resident = compare(bench, ECHO, 3, function(command)
    return bench.measure("idle", init, command).rss_kb / 1024
  end)
  bench.report({ group = "processes", name = "resident after start", unit = "MiB",
    figure = resident.node, baseline = resident.plain, floor = resident.floor, most = 3 })
  local idle = bench.measure("idle", init, "./node " .. ECHO.script).cpu_us_per_s
  bench.report({ group = "processes", name = "processor time when idle", unit = "us/s",
    figure = idle, most = 1 })
end

local function ping_pong(bench)
  local lines = inputs.write(bench.folder, "echo", 2000, inputs.echo)
  local medians = compare(bench, ECHO, 5, function(command)
    return bench.measure("pingpong", lines, command).median_us
  end)
  bench.report({ group = "processes", name = "echo, one at a time", unit = "us",
    figure = medians.node, baseline = medians.plain, floor = medians.floor })
end

function processes.run(bench)
  for _, item in ipairs(items) do
    if bench.wants(item.name) then
      throughput(bench, item)
    end
  end
  if bench.wants("start-up") then
    start_up(bench)
  end
  if bench.wants("at rest") then
    at_rest(bench)
  end
  if bench.wants("one at a time") then
    ping_pong(bench)
  end
end

return processes
