-- Challenge 3b: broadcast on several nodes of a calm network.

local bench = dofile("tests/sim/bench.lua")
local topology = require "hearsay.topology"

local FLOOD = "challenges/broadcast_3b.lua"

describe("broadcast_3b", function()
  it("floods any topology: 2e - (n - 1) messages a value, over its diameter", function()
    for _, name in ipairs(topology.names) do
      local run = bench.valid(FLOOD, "--node-count 9 --rate 50 --time-limit 10 --latency 100 "
        .. "--availability total --no-head-of-line --topology " .. name)
      local nodes = {}
      for i = 1, 9 do
        nodes[i] = "n" .. i - 1
      end
      local graph = topology.build(name, nodes)
      assert.equal(bench.count(run, "broadcast") * (2 * topology.edges(graph) - 8),
        run.results.net.servers["msg-count"], name)
      local _, _, most = bench.figures(run)
      bench.at_most(topology.diameter(graph) * 100, most, "the stable latency", run)
    end
  end)

  it("has each value on its way once, so a partition loses some", function()
    local lost = 0
    for seed = 1, 5 do
      local run = bench.run(FLOOD, "--rate 50 --time-limit 20 --latency 100 --nemesis partition "
        .. "--nemesis-interval 3 --seed " .. seed)
      lost = lost + run.results.workload["lost-count"]
    end
    assert(lost > 0)
  end)
end)
