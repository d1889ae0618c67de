-- Nodes that do not keep what a consistency model promises, each in its way: what the bench finds
-- within some seeds, and the models that they do keep, with which it finds nothing. And nodes that
-- are right.

local bench = dofile("tests/sim/bench.lua")

local SEEDS = 20
local FEW = 5 -- seeds with which a broken node keeps what it keeps

local ONE = "--node-count 1 --concurrency 8 --rate 200 --time-limit 5"
local THREE = "--node-count 3 --concurrency 2n --rate 200 --time-limit 5 --latency 20 "
  .. "--latency-dist exponential"
local REGISTERS, LISTS = "txn-rw-register", "txn-list-append"

-- A script; the workload; the options; a model that it breaks; the anomalies of which one is to be
-- found; the strongest models that it keeps, if any.
local broken = {
  -- Who only talks to one node never learns that there are others: of registers nothing weaker than
  -- a model that forbids lost updates can tell. Lists show it at once.
  { "txn_alone", REGISTERS, THREE, "cursor-stability", "lost-update", "causal" },
  { "txn_alone", REGISTERS, THREE, "serializable", "G2-item lost-update" },
  { "txn_alone", LISTS, THREE, "read-committed", "incompatible-order" },
  { "txn_first_wins", REGISTERS, THREE, "snapshot-isolation", "lost-update", "read-committed" },
  { "txn_first_wins", LISTS, THREE, "read-committed", "incompatible-order" },
  { "txn_torn", REGISTERS, ONE, "read-atomic", "fractured-read non-monotonic-view",
    "read-committed" },
  { "txn_torn", REGISTERS, ONE, "snapshot-isolation", "G-single" },
  { "txn_torn", LISTS, ONE, "read-uncommitted", "G0" },
  { "txn_dirty", REGISTERS, ONE, "read-committed", "G1b" },
  { "txn_dirty", LISTS, ONE, "read-uncommitted", "G0" },
  { "txn_lost_update", REGISTERS, ONE, "cursor-stability", "lost-update", "causal" },
  { "txn_lost_update", LISTS, ONE, "repeatable-read", "lost-update" },
  { "txn_aborted", REGISTERS, ONE, "read-committed", "G1a", "read-uncommitted" },
  { "txn_aborted", LISTS, ONE, "read-committed", "G1a dirty-update", "read-uncommitted" },
  { "txn_forgets", REGISTERS, ONE, "read-atomic", "internal", "repeatable-read" },
  { "txn_forgets", LISTS, ONE, "read-atomic", "internal" },
  { "txn_skew", REGISTERS, ONE, "serializable", "G2-item", "strong-snapshot-isolation" },
  { "txn_skew", LISTS, ONE, "repeatable-read", "G2-item", "strong-snapshot-isolation" },
  { "txn_stale", REGISTERS, ONE, "strong-session-serializable", "G-single-process",
    "serializable" },
  { "txn_stale", LISTS, ONE, "strict-serializable", "G-single-realtime", "serializable" },
  { "txn_stale", REGISTERS, ONE, "causal", "G-causal" },
  { "txn_no_causality", REGISTERS, THREE, "causal", "G-causal", "read-atomic" },
  { "txn_twice", LISTS, ONE, "read-uncommitted", "duplicate-elements" },
  { "txn_sorted", LISTS, THREE, "read-committed", "incompatible-order" },
}

local right = {
  { "txn_6a", REGISTERS, ONE, "strict-serializable" },
  { "txn_6a", LISTS, ONE, "strict-serializable" },
  { "txn_6c", REGISTERS, THREE, "causal" },
}

local function run(folder, case, model, seed)
  return bench.run(("%s/%s.lua"):format(folder, case[1]),
    ("-w %s %s --consistency-models %s --seed %d"):format(case[2], case[3], model, seed))
end

local function assert_keeps(folder, case, model, seeds)
  for seed = 1, seeds do
    local one = run(folder, case, model, seed)
    assert(one.results["valid?"] == true, ("%s: %s"):format(one.command,
      table.concat(one.results.workload["anomaly-types"], " ")))
  end
end

describe("the bench finds that", function()
  for _, case in ipairs(broken) do
    local name, workload, _, model, anomalies, kept = table.unpack(case)
    it(("%s as %s does not keep %s"):format(name, workload, model), function()
      local expected = {}
      for anomaly in anomalies:gmatch("%S+") do
        expected[anomaly] = true
      end
      for seed = 1, SEEDS do
        local result = run("tests/sim/broken", case, model, seed).results.workload
        for _, found in ipairs(result["anomaly-types"]) do
          assert.is_false(result["valid?"])
          if expected[found] then
            return
          end
        end
      end
      error("not within " .. SEEDS .. " seeds")
    end)
    if kept then
      it(("%s as %s keeps %s"):format(name, workload, kept), function()
        assert_keeps("tests/sim/broken", case, kept, FEW)
      end)
    end
  end
end)

describe("the bench finds nothing wrong with", function()
  for _, case in ipairs(right) do
    it(("%s as %s"):format(case[1], case[2]), function()
      assert_keeps("challenges", case, case[4], SEEDS)
    end)
  end
end)
