-- Challenge 3c: broadcast through partitions.

local bench = dofile("tests/sim/bench.lua")

local PUSH = "challenges/broadcast_3c.lua"

describe("broadcast_3c", function()
  it("brings values everywhere over the given topology", function()
    for _, name in ipairs({ "grid", "line", "tree4", "total" }) do
      bench.valid(PUSH, "--node-count 9 --rate 50 --time-limit 10 --latency 50 "
        .. "--availability total --topology " .. name)
    end
  end)

  it("does so with 25 nodes, whose clients are answered at once", function()
    local run = bench.valid(PUSH, "--node-count 25 --rate 100 --time-limit 20 --latency 100 "
      .. "--availability total")
    local _, _, most = bench.figures(run)
    bench.at_most(8 * 300, most, "the stable latency", run) -- 8 hops, up to a round trip more each
    bench.at_most(100, run.results.perf.latencies.broadcast.max, "a client's wait", run)
  end)

  it("loses nothing in partitions, or where messages are", function()
    for seed = 1, 3 do
      for _, faults in ipairs({ "partition", "loss,duplicate,reorder", "one-way,pause" }) do
        bench.valid(PUSH, ("--node-count 9 --rate 30 --time-limit 20 --latency 50 --nemesis %s "
          .. "--nemesis-interval 4 --seed %d"):format(faults, seed))
      end
    end
  end)
end)
