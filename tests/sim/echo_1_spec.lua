-- Challenge 1: echo.

local bench = dofile("tests/sim/bench.lua")

local ECHO = "challenges/echo_1.lua"

describe("echo_1", function()
  it("answers everything at once, and sends nothing between nodes", function()
    local run = bench.valid(ECHO, "--node-count 5 --rate 100 --time-limit 20 --availability total")
    assert.equal(0, run.results.net.servers["msg-count"])
    assert.equal(0, run.results.perf.latencies.echo.max)
    assert.equal("echo", run.workload)
  end)

  it("is not touched by what happens between nodes", function()
    bench.valid(ECHO, "--rate 50 --time-limit 30 --latency 100 --availability total "
      .. "--nemesis partition,one-way,loss,duplicate,reorder,spike,skew --nemesis-interval 2")
  end)

  it("answers with what it is sent, whatever that is", function()
    for seed = 1, 5 do
      bench.valid(ECHO, "--concurrency 4n --rate 200 --time-limit 5 --seed " .. seed)
    end
  end)
end)
