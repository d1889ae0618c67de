-- Challenge 5a: logs on a single node.

local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local kafka_lab = dofile("tests/sim/kafka_lab.lua")
local testing = require "hearsay.testing"

local SCRIPT = "challenges/kafka_5a.lua"

describe("kafka_5a", function()
  for seed = 1, 3 do
    it("keeps logs on one node, seed " .. seed, function()
      local run = bench.valid(SCRIPT, "--node-count 1 --rate 1000 --concurrency 4 --time-limit 10 "
        .. "--seed " .. seed)
      assert.equal(0, run.results.net.servers["msg-count"])
      assert.equal(0, kafka_lab.lag(run, "1"))
      assert.equal(1, kafka_lab.available(run))
    end)
  end

  it("refuses what is malformed", function()
    kafka_lab.refuses_what_is_malformed(SCRIPT, 1)
  end)

  it("shows a key page by page", function()
    local nodes = testing.start(SCRIPT, { args = { "most=3" } })
    kafka_lab.send(nodes, "n0", "a", { 10, 11, 12, 13, 14 })
    assert.same({ 10, 11, 12 }, (kafka_lab.poll(nodes, "n0", "a")))
    assert.same({ 13, 14 }, (kafka_lab.poll(nodes, "n0", "a", 3)))
    assert.same({}, (kafka_lab.poll(nodes, "n0", "a", 5)))
  end)

  it("takes commits that go forward, of any number of keys", function()
    local nodes = testing.start(SCRIPT)
    local function commit(offsets)
      assert(nodes:ask("n0", { type = "commit_offsets", offsets = offsets }))
      return assert(nodes:ask("n0", { type = "list_committed_offsets",
        keys = json.array({ "a", "b", "c" }) })).offsets
    end
    kafka_lab.send(nodes, "n0", "a", { 1, 2, 3 })
    assert.same({ a = 2, b = 0 }, commit({ a = 2, b = 0 }))
    assert.same({ a = 2, b = 0 }, commit({ a = 1 }))
    assert.same({ a = 2, b = 4 }, commit({ b = 4 }))
  end)
end)
