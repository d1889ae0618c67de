-- With --converge the bench tells nodes that replicate from those that only look as if they did.

local bench = dofile("tests/sim/bench.lua")

local THREE = "--node-count 3 --concurrency 2n --rate 100 --time-limit 5 --latency 20"
local REGISTERS = "-w txn-rw-register --consistency-models read-committed "
local LISTS = "-w txn-list-append --consistency-models read-uncommitted "

-- Valid without, apart with.
local apart = {
  { "tests/sim/broken/txn_alone", REGISTERS }, -- nothing is replicated
  { "tests/sim/broken/txn_first_wins", REGISTERS }, -- a merge that never overwrites a key
  -- Whoever sends once, and tells nobody what it lost.
  { "tests/sim/broken/txn_no_causality", REGISTERS .. "--nemesis loss --nemesis-interval 2 " },
  { "challenges/variants/txn_last_writer_wins",
    REGISTERS .. "--nemesis kill --nemesis-interval 2 --seed 2 " },
}

local together = {
  { "challenges/txn_6a", LISTS .. "--node-count 1 " },
  { "challenges/txn_6c", REGISTERS .. "--nemesis partition,kill --nemesis-interval 2 " },
  { "tests/sim/right/g_set_push", "-w g-set --nemesis partition " },
  { "tests/sim/right/counter_push", "-w pn-counter --nemesis partition " },
  { "challenges/kafka_5b", "-w kafka --nemesis partition " },
  { "challenges/kafka_5c", "-w kafka --nemesis partition " },
  { "tests/sim/right/lin_kv_owner", "-w lin-kv --nemesis partition " },
}

local function run(case, more)
  return bench.run(case[1] .. ".lua", THREE .. " " .. case[2] .. (more or ""))
end

describe("nodes come apart, which only --converge shows:", function()
  for _, case in ipairs(apart) do
    it(case[1], function()
      local without = run(case)
      assert(without.results["valid?"] == true, without.command)
      local with = run(case, "--converge")
      assert(with.results["valid?"] == false, with.command)
      assert.is_true(with.results.workload["valid?"])
      assert(with.results.converged["different-count"] > 0)
    end)
  end
end)

describe("nodes agree in the end:", function()
  for _, case in ipairs(together) do
    it(case[1], function()
      for seed = 1, 5 do
        local one = bench.run(case[1] .. ".lua",
          ("%s %s --converge --seed %d"):format(THREE, case[2], seed))
        bench.kept(one)
        assert(one.results.converged["shown-count"] > 0, one.command)
      end
    end)
  end
end)
