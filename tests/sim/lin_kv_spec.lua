-- Linearizable registers by Raft: what they promise, and what it costs.

local bench = dofile("tests/sim/bench.lua")
local partition = require "sim.nemesis.partition"

local LOAD = "-w lin-kv --node-count 5 --concurrency 10 --rate 100 --latency 10 "
local SERVICE = "challenges/variants/lin_kv_service.lua"
local SCRIPT, DURABLE = "challenges/lin_kv.lua", "challenges/lin_kv.lua durable=true"

-- Runs with a note of every partition: a list of {grudge, from_us, to_us} in the world's time.
local function with_grudges(fn)
  local apply, list = partition.apply, {}
  partition.apply = function(cluster, grudge)
    local entry = { grudge = grudge, from_us = cluster.world:now_us(), to_us = math.huge }
    list[#list + 1] = entry
    local undo = apply(cluster, grudge)
    return function()
      entry.to_us = cluster.world:now_us()
      undo()
    end
  end
  local ok, run = pcall(fn)
  partition.apply = apply
  assert(ok, run)
  return run, list
end

-- Whether a node could reach no majority at some time of an operation.
local function was_in_minority(run, op, grudges)
  for _, entry in ipairs(grudges) do
    local unheard = #(entry.grudge[op.node] or {})
    local from_us, to_us = entry.from_us - run.start_us, entry.to_us - run.start_us
    if unheard >= 3 and op.invoke_us <= to_us and (op.complete_us or math.huge) >= from_us then
      return true
    end
  end
  return false
end

-- The part of the operations that were answered, of those that were asked of a majority. That a
-- key has another value than a cas expects, or none yet, is an answer.
local function answered_outside_of_minorities(run, grudges)
  local all, answered = 0, 0
  for _, op in ipairs(run.history) do
    if not was_in_minority(run, op, grudges) then
      local name = op.error and op.error.name
      local is_answer = op.outcome == "ok" or name == "precondition_failed"
        or name == "key_does_not_exist"
      all, answered = all + 1, answered + (is_answer and 1 or 0)
    end
  end
  return answered / all
end

describe("lin-kv by Raft", function()
  it("costs at most 4 messages an operation, and less with a longer window", function()
    local calm = bench.valid(SCRIPT, LOAD .. "--time-limit 20")
    bench.at_most(4, calm.results.net.servers["msgs-per-op"], "messages an operation", calm)
    local slow = bench.valid(SCRIPT .. " window=0.1", LOAD .. "--time-limit 20")
    bench.at_most(2.6, slow.results.net.servers["msgs-per-op"], "messages an operation", slow)
  end)

  it("answers 9 of 10 that ask outside of minorities, through partitions", function()
    local some = 0
    for seed = 1, 10 do
      local run, grudges = with_grudges(function()
        return bench.valid(SCRIPT, LOAD .. "--time-limit 30 --nemesis partition "
          .. "--nemesis-interval 5 --seed " .. seed)
      end)
      some = some + #grudges
      local part = answered_outside_of_minorities(run, grudges)
      assert(part > 0.9, ("%s: %g"):format(run.command, part))
    end
    assert(some > 10)
  end)

  it("is linearizable through kills, partitions, pauses and wrong clocks, from its disk", function()
    for seed = 1, 15 do
      bench.kept(bench.run(DURABLE, LOAD .. "--time-limit 20 --nemesis kill,partition,pause,skew "
        .. "--nemesis-interval 3 --seed " .. seed))
    end
  end)

  it("is linearizable through all that the network can do", function()
    for seed = 1, 15 do
      bench.kept(bench.run(SCRIPT, LOAD .. "--time-limit 20 --latency-dist exponential "
        .. "--nemesis loss,duplicate,reorder,spike,one-way,partition --nemesis-interval 3 --seed "
        .. seed))
    end
  end)

  it("has the same registers at all nodes in the end", function()
    bench.valid(DURABLE, LOAD .. "--time-limit 20 --nemesis kill,partition --converge")
  end)

  it("takes snapshots of registers on the way, and goes on from them", function()
    local run = bench.run(DURABLE, LOAD .. "--concurrency 50 --rate 1000 --time-limit 15 "
      .. "--nemesis kill --nemesis-interval 2")
    bench.kept(run)
    for _, id in ipairs({ "n0", "n1", "n2", "n3", "n4" }) do
      run.world:kill(id)
      assert(run.world:file(id, "raft.log+1"):find('"snapshot"', 1, true))
    end
  end)

  it("tells keys and values apart as JSON does", function()
    local nodes = require("hearsay.testing").start(SCRIPT, { nodes = 3 })
    nodes:run(1)
    local json = require "hearsay.json"
    local keys = { 1, 1.0, "1", json.array(), {}, json.null, { a = 1, b = 2 } }
    for i, key in ipairs(keys) do
      assert(nodes:ask("n" .. i % 3, { type = "write", key = key, value = i }))
    end
    for i, key in ipairs(keys) do
      assert.equal(i, nodes:ask("n0", { type = "read", key = key }).value)
    end
    local _, err = nodes:ask("n1", { type = "cas", key = 1, from = 1.0, to = 2 })
    assert.equal("precondition_failed", err.name)
    assert(nodes:ask("n1", { type = "cas", key = 1, from = 1, to = { x = json.array() } }))
    assert.equal('{"x":[]}', json.encode(nodes:ask("n2", { type = "read", key = 1 }).value))
    _, err = nodes:ask("n1", { type = "cas", key = "none", from = 1, to = 2 })
    assert.equal("key_does_not_exist", err.name)
    _, err = nodes:ask("n2", { type = "read", key = "none" })
    assert.equal("key_does_not_exist", err.name)
  end)
end)

describe("lin-kv by the service", function()
  it("costs two messages an operation, and keeps nothing that a kill could take", function()
    local run = bench.valid(SERVICE, LOAD .. "--time-limit 10")
    bench.at_most(2, run.results.net.servers["msgs-per-op"], "messages an operation", run)
    for seed = 1, 5 do
      bench.kept(bench.run(SERVICE, LOAD .. "--time-limit 10 --nemesis kill,partition,pause,loss "
        .. "--nemesis-interval 2 --seed " .. seed))
    end
  end)
end)
