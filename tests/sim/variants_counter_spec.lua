-- Variants of the counter: right when calm, and broken by what their headers say.

local bench = dofile("tests/sim/bench.lua")

local CAS_KEY = "challenges/variants/counter_cas_key.lua"
local KEY_PER_NODE = "challenges/variants/counter_key_per_node.lua"
local DELTA_LOG = "challenges/variants/counter_delta_log.lua"

local TASK = "--node-count 3 --rate 100 --time-limit 20 "
local FAULTS = TASK .. "--latency 20 --nemesis-interval 2 --nemesis "

local function messages(run)
  return run.results.net.servers["msgs-per-op"]
end

-- Each seed is valid, as either workload.
local function valid(script, options, seeds)
  local run
  for seed = 1, seeds do
    for _, workload in ipairs({ "g-counter", "pn-counter" }) do
      run = bench.valid(script, ("-w %s %s --seed %d"):format(workload, options, seed))
    end
  end
  return run
end

local function invalid(script, options, seeds)
  for seed = 1, seeds do
    local run = bench.run(script, ("-w pn-counter %s --seed %d"):format(options, seed))
    if run.results.workload["valid?"] == false then
      return
    end
  end
  error(("%s %s: not within %d seeds"):format(script, options, seeds))
end

describe("a counter by one key and compare-and-set", function()
  it("is valid when calm and through partitions, for four to five messages an operation", function()
    for _, options in ipairs({ TASK, TASK .. "--latency 50", TASK .. "--nemesis partition" }) do
      local run = valid(CAS_KEY, options, 2)
      assert(messages(run) > 3.5 and messages(run) < 5.5, messages(run))
    end
  end)

  it("makes clients wait for the service", function()
    local run = bench.run(CAS_KEY, "-w g-counter --latency 100 " .. TASK)
    assert.is_true(#run.history < 1000)
    run = bench.run("challenges/g_counter_4.lua", "-w g-counter --latency 100 " .. TASK)
    assert.is_true(#run.history > 1500)
  end)

  it("is valid where messages are lost, come late, or nodes are killed", function()
    valid(CAS_KEY, FAULTS .. "loss", 2)
    valid(CAS_KEY, FAULTS .. "kill,pause,spike", 2)
  end)

  it("counts some twice where the network delivers twice", function()
    invalid(CAS_KEY, FAULTS .. "duplicate --latency-dist exponential", 20)
  end)
end)

describe("a counter by a key for each node", function()
  it("is valid when calm and through partitions, for about one message an operation", function()
    for _, options in ipairs({ TASK, TASK .. "--latency 50", TASK .. "--nemesis partition" }) do
      local run = valid(KEY_PER_NODE, options, 2)
      assert(messages(run) > 0.6 and messages(run) < 1.3, messages(run))
    end
  end)

  it("loses nothing to kills, to the network, or to both", function()
    for _, faults in ipairs({ "kill", "loss,reorder,duplicate,spike,pause", "kill,loss" }) do
      valid(KEY_PER_NODE, FAULTS .. faults, 3)
    end
  end)

  it("shows an old total to a node that is back before a late write", function()
    invalid(KEY_PER_NODE, "--node-count 3 --rate 30 --time-limit 30 --nemesis-interval 2 "
      .. "--latency 300 --latency-dist exponential --nemesis kill ", 40)
  end)
end)

describe("a counter by a log of deltas", function()
  it("is valid when calm and through partitions, for up to four messages an operation", function()
    for _, options in ipairs({ TASK, TASK .. "--latency 50", TASK .. "--nemesis partition" }) do
      local run = valid(DELTA_LOG, options, 2)
      assert(messages(run) > 0.5 and messages(run) < 4.5, messages(run))
    end
  end)

  it("stands what the network does", function()
    valid(DELTA_LOG, FAULTS .. "loss,reorder,duplicate,spike,pause,one-way", 3)
  end)

  it("sends nobody again what he has forgotten", function()
    invalid(DELTA_LOG, FAULTS .. "kill", 3)
  end)
end)
