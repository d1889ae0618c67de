-- Challenge 3a: broadcast on a single node.

local bench = dofile("tests/sim/bench.lua")

local SINGLE = "challenges/broadcast_3a.lua"

describe("broadcast_3a", function()
  it("keeps what it is sent and shows it at once", function()
    local run = bench.valid(SINGLE, "--node-count 1 --concurrency 5 --rate 100 --time-limit 20 "
      .. "--availability total")
    assert.equal(0, run.results.net.servers["msg-count"])
    assert.same({ 0, 0, 0 }, { bench.figures(run) })
    assert.equal(bench.count(run, "broadcast"), run.results.workload["stable-count"])
  end)

  it("is for one node: with more, values stay where they are", function()
    local run = bench.run(SINGLE, "--node-count 2 --rate 50 --time-limit 5")
    assert.is_false(run.results["valid?"])
    assert(run.results.workload["lost-count"] > 0)
  end)
end)
