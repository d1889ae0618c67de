-- The bench itself: simulated messages a second, how their cost grows with the nodes, a whole run
-- of 3e, and what a second processor gains.

local client = require "sim.client"
local clusters = require "sim.cluster"
local json = require "hearsay.json"
local sample = require "sample"

local simulation = {}

local MESSAGES = 100000
local SIZES = { 25, 50, 100, 200, 400, 1000 } -- nodes

-- Messages that wander over a ring: all the time goes into the network, the queue and the nodes.
local SCRIPT = [[
local node = require "hearsay"
local here
node.on_init(function()
  for i, id in ipairs(node.ids) do
    if id == node.id then
      here = node.ids[i % #node.ids + 1]
    end
  end
end)
node.on("pass", function(msg)
  if msg.body.left > 0 then
    node.send(here, { type = "pass", left = msg.body.left - 1 })
  end
end)
]]

-- Nanoseconds of processor time a message. As many are under way as there are nodes.
local function cost(path, size)
  local nodes = {}
  for i = 1, size do
    nodes[i] = "n" .. i - 1
  end
  local cluster = assert(clusters.new({ command = { path }, nodes = nodes, seed = 1, latency = 10,
    latency_dist = "exponential" }))
  assert(cluster:init())
  local asker = client.new(cluster.world, "bench")
  for _, id in ipairs(nodes) do
    cluster.world:send(asker.id, id, { type = "pass", left = MESSAGES // size - 1 })
  end
  local before = cluster.world:counts().servers.received
  local start = os.clock()
  assert(cluster.world:run(1e6))
  local spent = os.clock() - start
  return spent / (cluster.world:counts().servers.received - before) * 1e9
end

-- The queue of events has as many entries as messages are under way, so a message should cost no
-- more than in proportion to its logarithm.
local function growth(bench, path)
  local functions = {}
  for i, size in ipairs(SIZES) do
    functions[i] = function() return cost(path, size) end
  end
  local medians = sample.interleaved(5, functions)
  bench.report({ group = "bench", name = "simulated messages, one core", unit = "M/s",
    figure = 1e3 / medians[1], faster = true, least = 0.5 })
  for i = 2, #SIZES do
    bench.report({ group = "bench", unit = "times", figure = medians[i] / medians[1],
      name = ("simulated, %d nodes over %d"):format(SIZES[i], SIZES[1]),
      most = math.log(SIZES[i]) / math.log(SIZES[1]) })
  end
end

-- Operations that 50 clients get done in a second of virtual time, and the processor time of the
-- bench for one, checker included.
local function registers(bench, script)
  local command = "./sim test -w lin-kv --bin " .. script .. " --node-count 5 --concurrency 50 "
    .. "--rate 100000 --time-limit 10 --latency 10 --json --store " .. bench.folder .. "/store"
  local pipe = assert(io.popen(command))
  local results = assert(json.decode(pipe:read("a")))
  pipe:close()
  local count = results.stats.count
  return count / 10, function()
    return bench.measure("feed", "/dev/null", command).cpu_s * 1e6 / count
  end
end

-- Raft beside nodes that hand on all requests to the service lin-kv.
local function raft(bench)
  local own, own_cost = registers(bench, "challenges/lin_kv.lua")
  local service, service_cost = registers(bench, "challenges/variants/lin_kv_service.lua")
  bench.report({ group = "bench", name = "Raft, 10 ms, beside the service", unit = "op/s",
    figure = own, baseline = service, faster = true })
  local medians = sample.interleaved(3, { own_cost, service_cost })
  bench.report({ group = "bench", name = "Raft, processor time", unit = "us/op",
    figure = medians[1], baseline = medians[2] })
end

function simulation.run(bench)
  if bench.wants("Raft") then
    raft(bench)
  end
  if bench.wants("simulated") then
    local path = bench.folder .. "/pass.lua"
    local file = assert(io.open(path, "w"))
    assert(file:write(SCRIPT))
    file:close()
    growth(bench, path)
  end
  if bench.wants("3e") then
    local command = "./sim test -w broadcast --bin challenges/broadcast_3e.lua --node-count 25 "
      .. "--rate 100 --time-limit 20 --latency 100 --no-report --store " .. bench.folder .. "/store"
    local medians = sample.interleaved(3, {
      function() return bench.measure("feed", "/dev/null", command).wall_s * 1e3 end,
    })
    bench.report({ group = "bench", name = "a run of 3e: 25 nodes, 20 s", unit = "ms",
      figure = medians[1] })
  end
  if bench.wants("cores") then
    local seeds = 120 -- so that it is not the last seed that counts: explore takes 1,000 by itself
    local command = ("./sim explore --bin challenges/broadcast_3e.lua --node-count 25 --seeds %d "
      .. "--threads "):format(seeds)
    local spent = { {}, {} }
    local function rate(threads)
      return function()
        local meter = bench.measure("feed", "/dev/null", command .. threads)
        table.insert(spent[threads], meter.cpu_s)
        return seeds / meter.wall_s
      end
    end
    local medians = sample.interleaved(3, { rate(2), rate(1) })
    bench.report({ group = "bench", name = "explore, two cores beside one", unit = "runs/s",
      figure = medians[1], baseline = medians[2], faster = true, target = 1.8 })
    -- Where others use the processors too, this shows what the threads cost each other.
    bench.report({ group = "bench", name = "explore, processor time of it", unit = "s",
      figure = sample.median(spent[2]), baseline = sample.median(spent[1]) })
  end
end

return simulation
