-- Challenge 6b: transactions on two nodes, always available.

local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local testing = require "hearsay.testing"
local txn_lab = dofile("tests/sim/txn_lab.lua")

local SCRIPT = "challenges/txn_6b.lua"
local ask = txn_lab.ask

describe("transactions on two nodes (6b)", function()
  it("pass the challenge, converge, and take 0.025 server messages an operation", function()
    txn_lab.passes(SCRIPT, "read-uncommitted")
  end)

  it("take a quarter of that with a window of half a second", function()
    local run = bench.valid(SCRIPT .. " window=0.5",
      txn_lab.CHALLENGE .. "--consistency-models read-uncommitted")
    bench.at_most(0.006, run.results.net.servers["msgs-per-op"], "messages/op", run)
  end)

  it("are causal on two nodes, whatever the network does", function()
    txn_lab.explore(SCRIPT, 10, "--node-count 2 --concurrency 4n --rate 200 --time-limit 5 "
      .. "--latency 20 --latency-dist exponential --consistency-models causal --nemesis-interval 2 "
      .. "--nemesis partition,loss,duplicate,reorder,pause,spike")
  end)

  it("are seen as a whole on four nodes as well, but not always after their causes", function()
    local four = "--node-count 4 --concurrency 2n --rate 200 --time-limit 10 --latency 50 "
      .. "--nemesis partition --nemesis-interval 2 "
    txn_lab.explore(SCRIPT, 5, four .. "--consistency-models read-atomic")
    for seed = 1, 20 do
      local run = bench.run(SCRIPT,
        ("%s %s --consistency-models causal --seed %d"):format(txn_lab.REGISTERS, four, seed))
      if run.results.workload["anomaly-types"][1] == "G-causal" then
        return
      end
    end
    error("not within 20 seeds")
  end)

  it("come together again after nodes were killed", function()
    txn_lab.outlives_kills(SCRIPT, "--node-count 2 --consistency-models read-committed")
  end)

  it("come together where a node that has forgotten writes what it wrote before", function()
    local nodes = testing.start(SCRIPT, { nodes = 2, latency = 50 })
    ask(nodes, "n0", '[["w",1,"before"]]')
    nodes:run(1)
    assert.equal('[["r",1,"before"]]', ask(nodes, "n1", '[["r",1,null]]'))
    nodes:restart("n0")
    assert.equal('[["r",1,null],["w",1,"after"]]', -- its first, as "before" was
      ask(nodes, "n0", '[["r",1,null],["w",1,"after"]]'))
    nodes:run(3)
    assert.equal(ask(nodes, "n0", '[["r",1,null]]'), ask(nodes, "n1", '[["r",1,null]]'))
  end)

  -- 3,000 writes of 50 bytes each, on n0, and how long the lines are in which they travel.
  local function write_much(nodes)
    for i = 1, 60 do
      local writes = {}
      for at = 1, 50 do
        writes[at] = { "w", i * 100 + at, ("x"):rep(50) }
      end
      nodes:ask("n0", { type = "txn", txn = json.array(writes) })
    end
  end

  local function assert_short_lines(nodes)
    local longest, all = 0, 0
    for _, sent in ipairs(nodes:sent()) do
      local bytes = #json.encode(sent.body)
      longest, all = math.max(longest, bytes), all + bytes
    end
    assert(all > 200000, all)
    assert(longest < 65536, longest)
  end

  local function has_all(nodes, id)
    local text = ask(nodes, id, '[["r",101,null],["r",6050,null]]')
    return not text:find("null")
  end

  it("are handed back to a node that was killed, in lines that are not long", function()
    local nodes = testing.start(SCRIPT, { nodes = 2, latency = 10 })
    write_much(nodes)
    nodes:run(2)
    nodes:restart("n0")
    nodes:journal()
    nodes:eventually(5, function() return has_all(nodes, "n0") end)
    assert_short_lines(nodes)
  end)

  it("travel in lines that are not long after a partition", function()
    local nodes = testing.start(SCRIPT, { nodes = 2, latency = 10 })
    nodes:isolate("n0")
    write_much(nodes)
    nodes:run(10)
    nodes:heal()
    nodes:eventually(5, function() return has_all(nodes, "n1") end)
    assert_short_lines(nodes)
  end)

  it("send nothing when nothing was written", function()
    txn_lab.is_quiet_without_writes(SCRIPT, 2)
  end)

  it("are refused as a whole, and nobody is told of them", function()
    local nodes = testing.start(SCRIPT, { nodes = 2 })
    nodes:run(3)
    nodes:journal()
    for text, expected in pairs({
      ['[["w",1,6],["x",1,2]]'] = 'expected ["r", key, null] or ["w", key, value], got ["x",1,2]',
      ['[["w",1,6],["append",1,2]]'] = 'expected ["r", key, null] or ["w", key, value], got ["app',
      ['[["w",1,6],["w",1]]'] = 'operation 2: expected ["r", key, null] or ["w", key, value], got',
      ["{}"] = 'expected "txn" to be of type array',
    }) do
      local reply, err = ask(nodes, "n0", text)
      assert.is_nil(reply)
      assert.equal(12, err.code)
      assert.matches(expected, err.text, 1, true)
    end
    nodes:run(3)
    assert.same({}, nodes:sent())
    assert.equal('[["r",1,null]]', ask(nodes, "n0", '[["r",1,null]]'))
  end)
end)
