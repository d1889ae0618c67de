-- The set and the counter that nodes merge: g_set.lua and pn_counter.lua.

local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local testing = require "hearsay.testing"

local LOAD = "--node-count 5 --rate 100 --time-limit 20 --latency 50 --availability total "
local ROUGH = "--node-count 5 --rate 50 --time-limit 15 --latency 20 --nemesis-interval 2 "

local SCRIPTS = {
  { "challenges/g_set.lua", "-w g-set ", { type = "add", element = 7 } },
  { "challenges/pn_counter.lua", "-w pn-counter ", { type = "add", delta = -7 } },
}

for _, case in ipairs(SCRIPTS) do
  local script, workload, add = table.unpack(case)

  describe(script, function()
    it("answers all through partitions, for at most 0.1 messages an operation", function()
      for seed = 1, 3 do
        local run = bench.valid(script, workload .. LOAD .. "--nemesis partition --converge --seed "
          .. seed)
        bench.at_most(0.1, run.results.net.servers["msgs-per-op"], "messages an operation", run)
      end
    end)

    it("stands all that the network can do", function()
      for seed = 1, 3 do
        bench.valid(script, workload .. ROUGH
          .. "--nemesis partition,one-way,loss,duplicate,reorder,pause,spike,skew --seed " .. seed)
      end
    end)

    it("costs half as much with twice the window", function()
      local function cost(window)
        local run = bench.valid(("%s window=%g"):format(script, window), workload .. LOAD)
        return run.results.net.servers["msgs-per-op"]
      end
      local ratio = cost(0.5) / cost(1)
      assert(ratio > 1.7 and ratio < 2.3, ratio)
    end)

    it("gets quiet", function()
      local nodes = testing.start(script, { nodes = 5, latency = 10 })
      nodes:ask("n2", add)
      nodes:run(20)
      assert(#nodes:sent() > 0)
      nodes:run(20)
      assert.equal(0, #nodes:sent())
    end)

    it("gets back what it had told when it is killed, and counts on", function()
      local nodes = testing.start(script, { nodes = 3, latency = 10 })
      nodes:ask("n1", add)
      nodes:run(5)
      nodes:restart("n1")
      nodes:ask("n1", add)
      nodes:run(10)
      for _, id in ipairs(nodes.ids) do
        local value = nodes:ask(id, { type = "read" }).value
        assert.same(add.delta and 2 * add.delta or json.array({ add.element }), value)
      end
    end)
  end)
end

describe("challenges/pn_counter.lua", function()
  it("refuses what is no delta", function()
    local nodes = testing.start("challenges/pn_counter.lua")
    for _, delta in ipairs({ 1.5, "1", json.null }) do
      local _, err = nodes:ask("n0", { type = "add", delta = delta })
      assert.equal("malformed_request", err.name)
    end
    assert.equal(0, nodes:ask("n0", { type = "read" }).value)
  end)

  it("never leaves the integers", function()
    local nodes = testing.start("challenges/pn_counter.lua")
    assert(nodes:ask("n0", { type = "add", delta = math.maxinteger }))
    local _, err = nodes:ask("n0", { type = "add", delta = math.maxinteger })
    assert.is_true(err.definite)
    assert(nodes:ask("n0", { type = "add", delta = -math.maxinteger }))
    assert.equal(0, nodes:ask("n0", { type = "read" }).value)
  end)
end)

describe("challenges/g_set.lua", function()
  it("tells elements apart as JSON does", function()
    local nodes = testing.start("challenges/g_set.lua", { nodes = 2 })
    for _, element in ipairs({ 1, 1.0, "1", json.null, json.array() }) do
      nodes:ask("n0", { type = "add", element = element })
      nodes:ask("n1", { type = "add", element = element })
    end
    nodes:run(5)
    assert.equal('[1,1.0,"1",null,[]]', json.encode(nodes:ask("n1", { type = "read" }).value))
  end)
end)
