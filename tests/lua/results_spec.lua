-- sim.results: results.json, in the structure of Maelstrom's.

local history = dofile("tests/lua/history.lua")
local results = require "sim.results"
local set_full = require "sim.checkers.set_full"

local function counts(n)
  return { ["send-count"] = n, ["recv-count"] = n - 1, ["msg-count"] = n }
end

local function run(changes)
  local h = history.new()
  h:did(10, "n1", "add", 1)
  h:did(20, "n2", "read", nil, { 1 })
  h:did(30, "n2", "read", nil, { 1 })
  local given = {
    history = h.ops,
    opts = {},
    checker = set_full.check,
    net = { all = counts(9), clients = counts(6), servers = counts(3) },
    seed = 7,
    fingerprint = "00ff",
  }
  for key, change in pairs(changes or {}) do
    given[key] = change
  end
  return given
end

describe("results", function()
  it("have Maelstrom's structure", function()
    local built, details = results.build(run())
    assert.is_true(built["valid?"])
    assert.equal(1.0, built.net.servers["msgs-per-op"])
    assert.equal(2.0, built.net.clients["msgs-per-op"])
    assert.equal(3.0, built.net.all["msgs-per-op"])
    assert.same({ 9, 8, 9 },
      { built.net.all["send-count"], built.net.all["recv-count"], built.net.all["msg-count"] })
    assert.equal(1.0, built.availability["ok-fraction"])
    assert.equal(0, built.workload["stable-latencies"]["0.5"])
    assert.same({ 3, 2 }, { built.stats.count, built.stats["by-f"].read["ok-count"] })
    assert.equal(1.0, built.perf.latencies.read.max)
    assert.same({ 7, "00ff" }, { built.seed, built.fingerprint })
    assert.same({ 0 }, details.workload.stable_latencies)
  end)

  it("leave the runner's counts as they were", function()
    local given = run()
    results.build(given)
    assert.same(counts(9), given.net.all)
  end)

  it("hand the options to the checkers", function()
    local given = run({ opts = { availability = "total" } })
    given.history[3].outcome = "info"
    local built = results.build(given)
    assert.same({ false, false, true },
      { built["valid?"], built.availability["valid?"], built.workload["valid?"] })
  end)

  it("are invalid where a node did what none may do", function()
    local built = results.build(run({ problems = {
      { node = "n1", time_us = 1500, text = "not JSON: oops" },
    } }))
    assert.same({ false, false, true },
      { built["valid?"], built.exceptions["valid?"], built.workload["valid?"] })
    assert.same({ node = "n1", time = 1500000, text = "not JSON: oops" },
      built.exceptions.exceptions[1])
  end)

  it("have no messages per operation where there was no operation", function()
    local built = results.build(run({ history = {} }))
    assert.is_nil(built.net.all["msgs-per-op"])
    assert.equal("unknown", built["valid?"])
  end)

  it("give Maelstrom's exit status", function()
    assert.equal(0, results.exit_status({ ["valid?"] = true }))
    assert.equal(1, results.exit_status({ ["valid?"] = false }))
    assert.equal(2, results.exit_status({ ["valid?"] = "unknown" }))
  end)

  describe("as JSON", function()
    it("are indented, with sorted keys and arrays in lines", function()
      local numbers = {}
      for i = 1, 40 do
        numbers[i] = i * 100
      end
      assert.equal([[
{
  "a": [],
  "b": {},
  "c": [1, 2.5, "x, y", true],
  "d": [
    {
      "f": 1.0
    },
    3, 4,
    [5]
  ],
  "e": [
    100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300, 1400, 1500, 1600, 1700,
    1800, 1900, 2000, 2100, 2200, 2300, 2400, 2500, 2600, 2700, 2800, 2900, 3000, 3100, 3200,
    3300, 3400, 3500, 3600, 3700, 3800, 3900, 4000
  ],
  "valid?": "unknown"
}
]], results.encode({
        a = results.array({}), b = {}, c = { 1, 2.5, "x, y", true },
        d = { { f = 1.0 }, 3, 4, { 5 } }, e = numbers, ["valid?"] = "unknown",
      }))
    end)

    it("keep to 96 columns where no single value is longer", function()
      local list = {}
      for i = 1, 300 do
        list[i] = ("x"):rep(i % 60)
      end
      for line in results.encode({ list = list }):gmatch("[^\n]+") do
        assert(#line <= 96, line)
      end
    end)

    it("are the same text for the same run", function()
      assert.equal(results.encode((results.build(run()))), results.encode((results.build(run()))))
      assert.matches('\n  "valid%?": true,\n', results.encode((results.build(run()))))
    end)
  end)
end)
