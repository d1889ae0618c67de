-- What the specs of the challenges with transactions share.
--
--     local txn_lab = dofile("tests/sim/txn_lab.lua")
--     txn_lab.explore("challenges/txn_6b.lua", 5, "--node-count 2 --nemesis partition")

local assert = require "luassert"
local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local testing = require "hearsay.testing"

local txn_lab = { REGISTERS = "-w txn-rw-register --converge " }

txn_lab.CHALLENGE = txn_lab.REGISTERS .. "--node-count 2 --concurrency 2n --rate 1000 "
  .. "--time-limit 10 --availability total --nemesis partition --nemesis-interval 5 "

-- Runs of registers with seeds 1 to `seeds`, which must all be valid.
function txn_lab.explore(script, seeds, options)
  for seed = 1, seeds do
    bench.valid(script, ("%s %s --seed %d"):format(txn_lab.REGISTERS, options, seed))
  end
end

-- What the challenge itself asks for, with some models: valid, all nodes agree in the end, and it
-- takes at most 0.025 messages between servers an operation.
function txn_lab.passes(script, models)
  for seed = 1, 2 do
    local run = bench.valid(script,
      ("%s --consistency-models %s --seed %d"):format(txn_lab.CHALLENGE, models, seed))
    bench.at_most(0.025, run.results.net.servers["msgs-per-op"], "messages/op", run)
    assert(run.results.converged["shown-count"] > 500)
  end
end

-- Runs in which nodes are killed: what they must have kept is there in the end.
function txn_lab.outlives_kills(script, options)
  for seed = 1, 20 do
    bench.kept(bench.run(script, ("%s %s --concurrency 2n --rate 100 --time-limit 8 "
      .. "--nemesis kill,partition --nemesis-interval 2 --seed %d"):format(txn_lab.REGISTERS,
      options, seed)))
  end
end

-- Asks a node a transaction in JSON; the answer in JSON.
function txn_lab.ask(nodes, id, text)
  local reply, err = nodes:ask(id, { type = "txn", txn = json.decode(text) })
  return reply and json.encode(reply.txn), err
end

-- Reads make no messages.
function txn_lab.is_quiet_without_writes(script, count)
  local nodes = testing.start(script, { nodes = count })
  txn_lab.ask(nodes, "n0", '[["w",1,1]]')
  nodes:run(3)
  nodes:journal()
  local last = nodes.ids[count]
  for _ = 1, 20 do
    assert.equal('[["r",1,1],["r",2,null]]',
      txn_lab.ask(nodes, last, '[["r",1,null],["r",2,null]]'))
    nodes:run(0.1)
  end
  assert.same({}, nodes:sent())
end

return txn_lab
