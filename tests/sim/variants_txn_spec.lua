-- Variants of the transactions: right when calm, and broken by what their headers say.

local bench = dofile("tests/sim/bench.lua")

local WINS = "challenges/variants/txn_last_writer_wins.lua"
local SNAPSHOTS = "challenges/variants/txn_gossiped_snapshots.lua"
local REGISTERS = "-w txn-rw-register --converge "
local CHALLENGE = REGISTERS .. "--node-count 2 --concurrency 2n --rate 1000 --time-limit 5 "
  .. "--availability total "
local SMALL = REGISTERS .. "--node-count 3 --concurrency 2n --rate 200 --time-limit 5 "
  .. "--latency 20 --nemesis-interval 2 "

local function first_invalid(script, options, seeds)
  for seed = 1, seeds do
    local run = bench.run(script, options .. "--seed " .. seed)
    if run.results["valid?"] == false then
      return run
    end
  end
  error(("%s %s: not within %d seeds"):format(script, options, seeds))
end

-- Keys are written four times only, so that there are soon many.
local function longest_line(seconds)
  local run = bench.valid(SNAPSHOTS, REGISTERS .. "--node-count 2 --concurrency 2n --rate 1000 "
    .. "--max-writes-per-key 4 --consistency-models read-committed --time-limit " .. seconds)
  return run.results.net.servers["longest-line"].bytes
end

describe("transactions by last writer wins", function()
  it("are valid when calm and through partitions, and take 1.5 messages an operation", function()
    for _, faults in ipairs({ "", "--nemesis partition " }) do
      local run = bench.valid(WINS, CHALLENGE .. faults .. "--consistency-models read-atomic")
      local messages = run.results.net.servers["msgs-per-op"]
      assert(messages > 1.4 and messages < 1.6, messages)
    end
  end)

  it("are not causal where requests are repeated, but seen as a whole", function()
    local run = first_invalid(WINS, SMALL .. "--nemesis loss --consistency-models causal ", 10)
    assert.same({ "G-causal" }, { run.results.workload["anomaly-types"][1] })
    assert.is_true(run.results.converged["valid?"])
    for seed = 1, 5 do
      bench.valid(WINS,
        SMALL .. "--nemesis loss --consistency-models read-atomic --seed " .. seed)
    end
  end)

  it("are not handed back to a node that was killed", function()
    local run = first_invalid(WINS, SMALL .. "--nemesis kill --consistency-models read-committed ",
      10)
    assert.is_true(run.results.workload["valid?"])
    assert(run.results.converged["different-count"] > 0)
  end)
end)

describe("transactions by gossiped snapshots", function()
  it("are valid when calm and through partitions, for 0.005 messages an operation", function()
    for _, faults in ipairs({ "", "--nemesis partition " }) do
      local run = bench.valid(SNAPSHOTS, CHALLENGE .. faults .. "--consistency-models causal")
      bench.at_most(0.005, run.results.net.servers["msgs-per-op"], "messages/op", run)
    end
  end)

  it("are causal whatever the network does, and come together after kills", function()
    for seed = 1, 8 do
      bench.valid(SNAPSHOTS, SMALL .. "--nemesis partition,loss,duplicate,reorder,pause,spike "
        .. "--consistency-models causal --seed " .. seed)
      bench.kept(bench.run(SNAPSHOTS, SMALL .. "--nemesis kill,loss "
        .. "--consistency-models read-atomic --seed " .. seed))
    end
  end)

  it("travel in lines that grow without bound", function()
    local short, long = longest_line(3), longest_line(12)
    assert(long > 3 * short, ("%d and %d bytes"):format(short, long))
    assert(long > 65536, long)
  end)
end)
