-- Transactions over lists, by Raft and by a root pointer in lin-kv: strict-serializable, whatever
-- happens.

local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local testing = require "hearsay.testing"

local LOAD = "-w txn-list-append --node-count 5 --concurrency 10 --rate 100 --latency 10 "
local SCRIPT = "challenges/txn_list_append.lua"
local DURABLE = SCRIPT .. " durable=true"
local ROOT = "challenges/variants/txn_root_pointer.lua"

local function txn(...)
  local operations = json.array()
  for i, operation in ipairs({ ... }) do
    operations[i] = json.array(operation)
  end
  return { type = "txn", txn = operations }
end

local function many(script, more, seeds)
  for seed = 1, seeds do
    bench.kept(bench.run(script, ("%s--time-limit 15 --nemesis-interval 3 %s --seed %d"):format(
      LOAD, more, seed)))
  end
end

describe("list-append by Raft", function()
  it("costs at most 4 messages a transaction, and aborts none", function()
    local run = bench.valid(SCRIPT, LOAD .. "--time-limit 20")
    bench.at_most(4, run.results.net.servers["msgs-per-op"], "messages a transaction", run)
    assert.equal(1, run.results.availability["ok-fraction"])
  end)

  it("stays right through kills, partitions, pauses and wrong clocks, from its disk", function()
    many(DURABLE, "--nemesis kill,partition,pause,skew", 8)
  end)

  it("stays right through all that the network can do", function()
    many(SCRIPT, "--latency-dist exponential --nemesis loss,duplicate,reorder,spike,one-way", 8)
  end)

  it("has the same lists at all nodes in the end", function()
    bench.valid(DURABLE, LOAD .. "--time-limit 15 --nemesis kill,partition --converge")
  end)
end)

describe("list-append by a root pointer", function()
  it("is right, and refuses few", function()
    local run = bench.valid(ROOT, LOAD .. "--time-limit 15")
    assert(run.results.availability["ok-fraction"] > 0.95)
  end)

  it("stays right through kills of all its nodes, and all that the network can do", function()
    many(ROOT, "--nemesis kill,partition,pause", 6)
    many(ROOT, "--nemesis loss,duplicate,reorder,spike", 6)
  end)

  it("refuses a batch that others were faster than each time, and has done nothing", function()
    local nodes = testing.start(ROOT, { nodes = 1, latency = 5, args = { "tries=2" } })
    assert(nodes:ask("n0", txn({ "append", 1, 1 })))
    local stop = false
    local function disturb() -- somebody else changes the root all the time
      local client = nodes.cluster:client()
      client:request("lin-kv", { type = "read", key = "txn root" }, 1, function(reply)
        reply.value.last.other = ("%.6f"):format(nodes:now())
        client:request("lin-kv", { type = "write", key = "txn root", value = reply.value }, 1,
          function()
            if not stop then
              nodes.world:after(0.001, disturb)
            end
          end)
      end)
    end
    disturb()
    local _, err = nodes:ask("n0", txn({ "append", 1, 2 }))
    assert.equal("txn_conflict", err.name)
    stop = true
    nodes:run(1)
    local reply = assert(nodes:ask("n0", txn({ "append", 1, 3 }, { "r", 1, json.null })))
    assert.same({ 1, 3 }, reply.txn[2][3])
  end)
end)

for _, script in ipairs({ SCRIPT, ROOT }) do
  describe(script, function()
    it("runs a transaction as a whole, on any node, with keys of two types", function()
      local nodes = testing.start(script, { nodes = 3, latency = 2 })
      nodes:run(1)
      assert(nodes:ask("n0", txn({ "append", 1, "a" }, { "append", "1", "b" })))
      local reply = assert(nodes:ask("n1", txn({ "append", 1, "c" }, { "r", 1, json.null },
        { "r", "1", json.null }, { "r", 2, json.null })))
      assert.same({ "a", "c" }, reply.txn[2][3])
      assert.same({ "b" }, reply.txn[3][3])
      assert.equal(json.null, reply.txn[4][3])
      reply = assert(nodes:ask("n2", txn({ "r", 1, json.null })))
      assert.same({ "a", "c" }, reply.txn[1][3])
    end)

    it("refuses what is no transaction over lists", function()
      local nodes = testing.start(script, { nodes = 1 })
      nodes:run(1)
      for _, operation in ipairs({ { "w", 1, 2 }, { "append", 1.5, 2 }, { "append", 1 } }) do
        local _, err = nodes:ask("n0", txn({ "append", 1, 1 }, operation))
        assert.equal("malformed_request", err.name)
      end
      assert.equal(json.null, nodes:ask("n0", txn({ "r", 1, json.null })).txn[1][3])
    end)
  end)
end
