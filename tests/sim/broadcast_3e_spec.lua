-- Challenge 3e: broadcast with few messages.

local bench = dofile("tests/sim/bench.lua")

local HUB = "challenges/broadcast_3e.lua"

describe("broadcast_3e", function()
  for seed = 1, 2 do
    it("needs at most 0.45 messages an operation, 1 s by the median, 2 at most, seed " .. seed,
      function()
        local run = bench.valid(HUB, "--node-count 25 --rate 100 --time-limit 20 --latency 100 "
          .. "--availability total --seed " .. seed)
        local messages, median, most = bench.figures(run)
        bench.at_most(0.45, messages, "messages per operation", run)
        bench.at_most(999, median, "the median", run)
        bench.at_most(1999, most, "the most", run)
      end)
  end

  it("sends less the rarer values are, and next to nothing when there are none", function()
    local run = bench.valid(HUB, "--node-count 25 --rate 1 --time-limit 60 --latency 100")
    bench.at_most(60 / 1.5 * 48, run.results.net.servers["msg-count"], "messages", run)
    run = bench.run(HUB, "--node-count 25 --rate 0 --time-limit 60 --latency 100")
    bench.at_most(7 * 24, run.results.net.servers["msg-count"], "messages", run) -- keep-alives
  end)
end)
