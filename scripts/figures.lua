-- Measures what the README says of the broadcast challenges: make figures [SEEDS=n].
--
-- Runs each over seeds 1..n in virtual time, judges each run, and prints a table in Markdown. All
-- runs: 25 nodes, 100 operations a second, latency 100 ms constant. Exits with 1 when a run is not
-- valid.

local options = require "sim.options"
local results = require "sim.results"
local runner = require "sim.runner"
local workloads = require "sim.workloads"

local seeds = tonumber(arg[1]) or 50

local CALM = { "--time-limit", "20" }
local PARTITIONS = { "--time-limit", "60", "--nemesis", "partition" }

-- Script, its arguments, conditions.
local rows = {
  { "3c", "challenges/broadcast_3c.lua", CALM },
  { "3d", "challenges/broadcast_3d.lua", CALM },
  { "3d, policy direct", "challenges/broadcast_3d.lua", CALM, "direct" },
  { "3e", "challenges/broadcast_3e.lua", CALM },
  { "3c", "challenges/broadcast_3c.lua", PARTITIONS },
  { "3d", "challenges/broadcast_3d.lua", PARTITIONS },
  { "3d, policy direct", "challenges/broadcast_3d.lua", PARTITIONS, "direct" },
  { "3e", "challenges/broadcast_3e.lua", PARTITIONS },
}

-- The script with its one line edited, as a person would.
local function with_policy(script, name)
  local file = assert(io.open(script))
  local text, count = file:read("a")
    :gsub("local policy = policies%.%a+", "local policy = policies." .. name)
  file:close()
  assert(count == 1, script .. " has no line that names its policy")
  local path = os.tmpname()
  file = assert(io.open(path, "w"))
  assert(file:write(text))
  file:close()
  return path
end

local function run(script, conditions, seed)
  local args = { "-w", "broadcast", "--bin", script, "--node-count", "25", "--rate", "100",
    "--latency", "100", "--seed", tostring(seed) }
  local opts = assert(options.parse(table.move(conditions, 1, #conditions, #args + 1, args)))
  opts.command = { script }
  local done = assert(runner.run(opts))
  local built = results.build({
    history = done.history, opts = opts, checker = workloads.get("broadcast").check, net = done.net,
    problems = done.problems, seed = seed, fingerprint = done.fingerprint,
  })
  return built
end

-- Whole milliseconds.
local function ms(value)
  return ("%d"):format(math.floor(value + 0.5))
end

print("| challenge | conditions | valid | messages/op: mean | most | messages/broadcast: most "
  .. "| stable latency: median | most |")
print("| --- | --- | --- | --- | --- | --- | --- | --- |")
local all_valid = true
for _, row in ipairs(rows) do
  local name, script, conditions, policy = table.unpack(row)
  local path = policy and with_policy(script, policy) or script
  local valid, sum, most, per_broadcast, median, longest = 0, 0, 0, 0, 0, 0
  for seed = 1, seeds do
    local built = run(path, conditions, seed)
    local servers, set = built.net.servers, built.workload
    local stable = set["stable-latencies"]
    valid = valid + (built["valid?"] == true and 1 or 0)
    sum = sum + servers["msgs-per-op"]
    most = math.max(most, servers["msgs-per-op"])
    per_broadcast = math.max(per_broadcast, servers["msg-count"] / set["attempt-count"])
    median, longest = math.max(median, stable["0.5"]), math.max(longest, stable["1"])
  end
  if policy then
    os.remove(path)
  end
  all_valid = all_valid and valid == seeds
  print(("| %s | %s | %d of %d | %.3f | %.3f | %.2f | %s ms | %s ms |"):format(name,
    conditions == CALM and "calm, 20 s" or "partitions, 60 s", valid, seeds, sum / seeds, most,
    per_broadcast, ms(median), ms(longest)))
end
os.exit(all_valid and 0 or 1)
