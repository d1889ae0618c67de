-- Challenge 3d: broadcast with low latency: what each of its policies costs, and how late it is.

local bench = dofile("tests/sim/bench.lua")

local HUB = "challenges/broadcast_3d.lua"
local TASK = "--node-count 25 --rate 100 --time-limit 20 --latency 100 --availability total "

describe("broadcast_3d", function()
  for seed = 1, 2 do
    it("needs at most 2 messages an operation, 250 ms by the median, 500 at most, seed " .. seed,
      function()
        local run = bench.valid(HUB, TASK .. "--seed " .. seed)
        local messages, median, most = bench.figures(run)
        bench.at_most(2.0, messages, "messages per operation", run)
        bench.at_most(249, median, "the median", run)
        bench.at_most(499, most, "the most", run)
      end)

    it("is the direct policy by one other line: one hop, 25 messages a value, seed " .. seed,
      function()
        local run = bench.edited(HUB, "local policy = ",
          "local policy = policies.direct", TASK .. "--seed " .. seed)
        local _, _, most = bench.figures(run)
        bench.at_most(25, run.results.net.servers["msg-count"] / bench.count(run, "broadcast"),
          "messages per broadcast", run)
        bench.at_most(119, most, "the most", run)
      end)
  end

  it("works for any number of nodes and whatever their names are", function()
    for n = 1, 4 do
      bench.valid(HUB, "--rate 20 --time-limit 10 --latency 50 --node-count " .. n)
    end
    bench.valid(HUB, "--rate 20 --time-limit 10 --latency 50 --nodes zebra,ant,x-1")
  end)

  it("works with latencies that vary, and without any", function()
    bench.valid(HUB, "--rate 50 --time-limit 10 --node-count 9")
    for _, dist in ipairs({ "uniform", "exponential" }) do
      bench.valid(HUB, "--rate 50 --time-limit 10 --latency 100 --node-count 9 --latency-dist "
        .. dist)
    end
  end)
end)
