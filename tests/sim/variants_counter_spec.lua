-- Variants of the counter: right when calm, and broken by what their headers say.

local bench = dofile("tests/sim/bench.lua")
local lab = require "hearsay.testing"

local CAS_KEY = "challenges/variants/counter_cas_key.lua"
local KEY_PER_NODE = "challenges/variants/counter_key_per_node.lua"
local DELTA_LOG = "challenges/variants/counter_delta_log.lua"

local TASK = "--node-count 3 --rate 100 --time-limit 20 "
local FAULTS = TASK .. "--latency 20 --nemesis-interval 2 --nemesis "

local function read(nodes, id)
  return nodes:ask(id, { type = "read" }).value
end

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

  it("sends nothing for an add of nothing", function()
    local nodes = lab.start(CAS_KEY)
    nodes:ask("n0", { type = "add", delta = 0 })
    assert.equal(0, #nodes:sent())
    nodes:ask("n0", { type = "add", delta = 1 })
    nodes:ask("n0", { type = "add", delta = 4 })
    assert.equal(5, read(nodes, "n0"))
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

  it("answers an add when it is written, together with those that waited", function()
    local nodes = lab.start(KEY_PER_NODE, { latency = 100 })
    nodes:run(1)
    nodes:sent()
    local answered = {}
    for i = 1, 3 do
      nodes.cluster:client():request("n0", { type = "add", delta = i }, 5, function()
        answered[i] = nodes:now()
      end)
      nodes:run(0.05)
    end
    nodes:run(2)
    local writes = {}
    for _, message in ipairs(nodes:sent()) do
      if message.body.type == "write" then
        writes[#writes + 1] = message
      end
    end
    assert.equal(2, #writes)
    assert.same({ 3, 6 }, writes[2].body.value)
    assert.near(0.2, answered[1] - writes[1].time, 0.01)
    assert.near(0.2, answered[2] - writes[2].time, 0.01)
    assert.near(0.2, answered[3] - writes[2].time, 0.01)
  end)

  it("takes no old total for a new one", function()
    local nodes = lab.start(KEY_PER_NODE, { nodes = 2 })
    nodes:ask("n1", { type = "add", delta = 5 })
    nodes:ask("n1", { type = "add", delta = 5 })
    nodes:run(2)
    assert.equal(10, read(nodes, "n0"))
    nodes.world:send("n1", "n0", { type = "written", version = 1, total = 5 })
    nodes:run(0)
    assert.equal(10, read(nodes, "n0"))
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
