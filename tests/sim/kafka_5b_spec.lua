-- Challenge 5b: logs that are kept in lin-kv and seq-kv.

local bench = dofile("tests/sim/bench.lua")
local kafka_lab = dofile("tests/sim/kafka_lab.lua")
local testing = require "hearsay.testing"

local SCRIPT = "challenges/kafka_5b.lua"
local TASK = "--node-count 2 --rate 1000 --concurrency 2n --time-limit 10 "

describe("kafka_5b", function()
  for seed = 1, 2 do
    it("needs at most 1.4 server messages an operation, seed " .. seed, function()
      local run = bench.valid(SCRIPT, TASK .. "--seed " .. seed)
      bench.at_most(1.4, run.results.net.servers["msgs-per-op"], "messages per operation", run)
      bench.at_most(50, kafka_lab.lag(run, "1"), "the most that a poll lags", run)
      assert.equal(1, kafka_lab.available(run))
    end)
  end

  it("stands slow services, loss, doubles, partitions, and nodes that are killed", function()
    for seed = 1, 2 do
      local options = "--node-count 3 --rate 100 --concurrency 4n --time-limit 20 --latency 10 "
        .. "--seed " .. seed
      bench.valid(SCRIPT, options .. " --nemesis partition,loss,duplicate,reorder")
      bench.valid(SCRIPT, options .. " --nemesis kill,pause,spike")
    end
  end)

  it("works with any number of nodes, also when they contend", function()
    bench.valid(SCRIPT, "--node-count 1 --rate 50 --time-limit 10 --latency 20")
    bench.valid(SCRIPT, "--node-count 5 --rate 100 --concurrency 2n --time-limit 10 --latency 20")
  end)

  it("refuses what is malformed", function()
    kafka_lab.refuses_what_is_malformed(SCRIPT, 2)
  end)

  it("has committed offsets that grow", function()
    kafka_lab.commits_grow(SCRIPT, 3)
  end)

  -- Each message long after the one before, so that the last blocks are old and seq-kv still may
  -- show a state without them.
  it("loses nothing where seq-kv shows old states, nor when all nodes begin anew", function()
    for seed = 1, 10 do
      local nodes = testing.start(SCRIPT, { nodes = 3, seed = seed, args = { "block=2" } })
      local sent = {}
      for i = 1, 9 do
        sent[i] = i
        kafka_lab.send(nodes, nodes.ids[1 + i % 2], "a", { i })
      end
      assert(nodes:ask("n0", { type = "commit_offsets", offsets = { a = 4 } }))
      nodes:run(1)
      assert.same(sent, (kafka_lab.poll(nodes, "n2", "a")))
      for _, id in ipairs(nodes.ids) do
        nodes:restart(id)
      end
      for _, id in ipairs(nodes.ids) do
        assert.same(sent, (kafka_lab.poll(nodes, id, "a")), seed)
        assert.same({ a = 4 }, assert(nodes:ask(id, { type = "list_committed_offsets",
          keys = { "a" } })).offsets)
      end
    end
  end)

  it("looks once for all polls that come together", function()
    local nodes = testing.start(SCRIPT, { nodes = 2, latency = 20 })
    kafka_lab.send(nodes, "n0", "a", { 1 })
    nodes:run(1)
    nodes:journal()
    local shown = 0
    for _ = 1, 50 do
      nodes.cluster:client():request("n1", { type = "poll", offsets = { a = 0 } }, 5,
        function(reply) shown = shown + #reply.msgs.a end)
      nodes:run(0.001)
    end
    nodes:run(1)
    assert.equal(50, shown)
    assert.equal(2, #nodes:sent()) -- the head, once
  end)

  it("appends what collects in one batch", function()
    local nodes = testing.start(SCRIPT, { nodes = 2 })
    nodes:journal()
    local replies = {}
    for i = 1, 50 do
      nodes.cluster:client():request("n1", { type = "send", key = "k" .. i % 5, msg = i }, 5,
        function(reply) replies[i] = reply.offset end)
    end
    nodes:run(1)
    assert.equal(4, #nodes:sent()) -- a read and a cas, and their replies
    for i = 1, 50 do
      assert.equal(i - 1, replies[i])
    end
  end)
end)
