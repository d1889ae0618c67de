-- Challenge 6c: causal transactions on any number of nodes.

local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local testing = require "hearsay.testing"
local txn_lab = dofile("tests/sim/txn_lab.lua")

local SCRIPT = "challenges/txn_6c.lua"
local MODELS = "read-committed,monotonic-atomic-view,read-atomic,causal"
local ask = txn_lab.ask

local function read(nodes, id, key)
  local reply = nodes:ask(id, { type = "txn", txn = json.decode(('[["r",%d,null]]'):format(key)) })
  return reply.txn[1][3] ~= json.null and reply.txn[1][3] or nil
end

describe("causal transactions (6c)", function()
  it("pass the challenge, converge, and take 0.025 server messages an operation", function()
    txn_lab.passes(SCRIPT, MODELS)
  end)

  it("take a quarter of that with a window of half a second", function()
    local run = bench.valid(SCRIPT .. " window=0.5",
      ("%s --consistency-models %s"):format(txn_lab.CHALLENGE, MODELS))
    bench.at_most(0.006, run.results.net.servers["msgs-per-op"], "messages/op", run)
  end)

  for _, count in ipairs({ 3, 5 }) do
    it(("are causal on %d nodes, whatever the network does"):format(count), function()
      txn_lab.explore(SCRIPT, 10, ("--node-count %d --concurrency 2n --rate 200 --time-limit 5 "
        .. "--latency 50 --latency-dist exponential --nemesis-interval 2 "
        .. "--consistency-models causal "
        .. "--nemesis partition,loss,duplicate,reorder,pause,spike"):format(count))
    end)
  end

  it("come together again after nodes were killed", function()
    txn_lab.outlives_kills(SCRIPT, "--node-count 4 --latency 20 --consistency-models read-atomic")
  end)

  it("arrive after what they were written on, also past a cut", function()
    local nodes = testing.start(SCRIPT, { nodes = 3, latency = 10 })
    nodes:cut({ "n0" }, { "n2" })
    ask(nodes, "n0", '[["w",1,"cause"]]')
    nodes:eventually(1, function() return read(nodes, "n1", 1) end)
    ask(nodes, "n1", '[["w",2,"effect"]]')
    nodes:eventually(1, function()
      local cause, effect = read(nodes, "n2", 1), read(nodes, "n2", 2)
      assert(cause or not effect)
      return effect
    end)
  end)

  it("outlive the node that wrote them where one other has seen them", function()
    local nodes = testing.start(SCRIPT, { nodes = 3, latency = 10 })
    nodes:cut({ "n0" }, { "n2" })
    nodes:cut({ "n1" }, { "n2" })
    ask(nodes, "n0", '[["w",1,"x"]]')
    nodes:eventually(1, function() return read(nodes, "n1", 1) end)
    nodes:restart("n0")
    nodes:isolate("n0")
    nodes.world:heal()
    nodes:isolate("n0")
    nodes:eventually(5, function() return read(nodes, "n2", 1) == "x" end)
    nodes:heal()
    nodes:eventually(5, function() return read(nodes, "n0", 1) == "x" end)
  end)

  -- 1,200 writes in one step take several parts, which a restarted node is handed as well.
  it("are seen as a whole, however large, and so is what a killed node is handed back", function()
    local nodes = testing.start(SCRIPT, { nodes = 3, latency = 10 })
    local writes = {}
    for i = 1, 1200 do
      writes[i] = { "w", i, ("x"):rep(100) }
    end
    local function is_whole(id)
      local first, last = read(nodes, id, 1), read(nodes, id, 1200)
      assert.equal(first, last)
      return first
    end
    nodes:ask("n0", { type = "txn", txn = json.array(writes) })
    for _, id in ipairs({ "n1", "n2" }) do
      nodes:eventually(3, function() return is_whole(id) end)
    end
    nodes:restart("n0")
    nodes:eventually(3, function() return is_whole("n0") end)
    nodes:run(1)
    local longest = 0
    for _, sent in ipairs(nodes:sent()) do
      longest = math.max(longest, #json.encode(sent.body))
    end
    assert(longest > 50000 and longest < 65536, longest)
  end)

  it("are passed on by others on three nodes, and not on two", function()
    for count = 2, 3 do
      local nodes = testing.start(SCRIPT, { nodes = count })
      ask(nodes, "n0", '[["w",1,"x"]]')
      nodes:run(3)
      local told = {}
      for _, sent in ipairs(nodes:sent()) do
        if json.encode(sent.body):find('"x"', 1, true) then
          told[sent.src] = true
        end
      end
      for _, id in ipairs(nodes.ids) do
        assert.equal(id == "n0" or count == 3, told[id] or false)
      end
    end
  end)

  it("send nothing when nothing was written", function()
    txn_lab.is_quiet_without_writes(SCRIPT, 3)
  end)

  it("are refused as a whole", function()
    local nodes = testing.start(SCRIPT, { nodes = 3 })
    for _, text in ipairs({ '[["w",1,6],["x",1,2]]', '[["w",1,6],["r",1]]', '[["append",1,6]]' }) do
      local reply, err = ask(nodes, "n0", text)
      assert.is_nil(reply)
      assert.equal(12, err.code)
    end
    assert.is_nil(read(nodes, "n0", 1))
  end)
end)
