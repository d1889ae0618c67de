-- Runs of workload kafka as a whole: how they go on and how they end.

local bench = dofile("tests/sim/bench.lua")

-- The final operations of each worker.
local function finals(history)
  local by_worker = {}
  for _, op in ipairs(history) do
    if op.final then
      by_worker[op.worker] = by_worker[op.worker] or {}
      table.insert(by_worker[op.worker], op)
    end
  end
  return by_worker
end

describe("a run of workload kafka", function()
  local LOAD = "--node-count 1 --rate 200 --time-limit 5 --concurrency 4"

  it("is recognised by the script's handlers, and the same for the same seed", function()
    local first = bench.run("challenges/kafka_5a.lua", LOAD)
    assert.equal("kafka", first.workload)
    assert.equal(first.fingerprint, bench.run("challenges/kafka_5a.lua", LOAD).fingerprint)
    assert.not_equal(first.fingerprint,
      bench.run("challenges/kafka_5a.lua", LOAD .. " --seed 2").fingerprint)
  end)

  it("counts clients that give up as operations, and does not blame the nodes", function()
    local results = bench.run("challenges/kafka_5a.lua", LOAD).results
    assert.is_true(results["valid?"])
    local crashes = results.stats["by-f"].crash
    assert.is_true(crashes["info-count"] >= 5) -- one at the start, and each client at the end
    assert.equal(crashes.count, crashes["info-count"])
    assert.equal(crashes.count, results.stats["info-count"])
    assert.is_true(results.availability["ok-fraction"] < 1)
    assert.same({}, results.stats["by-error"])
    assert.same({}, setmetatable(results.workload["info-txn-causes"], nil))
  end)

  it("ends when each client has been shown everything", function()
    local by_worker = finals(bench.run("challenges/kafka_5a.lua", LOAD).history)
    for worker = 0, 3 do
      local ops = by_worker[worker]
      assert.same({ "crash", "assign", "poll" }, { ops[1].f, ops[2].f, ops[3].f })
      assert.equal(3, #ops)
      assert.is_true(ops[2].value.seek_to_beginning)
      assert.is_true(ops[1].process < ops[2].process)
      assert.equal(ops[2].process, ops[3].process)
    end
  end)

  it("ends after ten seconds when that does not come", function()
    local by_worker = finals(bench.run("tests/sim/broken/kafka_tail_hidden.lua", LOAD).history)
    for worker = 0, 3 do
      local ops = by_worker[worker]
      local first_us, last_us = ops[1].invoke_us, ops[#ops].invoke_us
      assert.is_true(#ops > 40 and #ops < 65, "final operations: " .. #ops)
      assert.is_true(last_us - first_us <= 10e6 and last_us - first_us > 9e6)
    end
  end)

  it("has nothing to end with when nothing was sent", function()
    local ran = bench.run("challenges/kafka_5a.lua", "--node-count 1 --rate 0 --time-limit 1")
    assert.equal(0, #ran.history)
    assert.equal("unknown", ran.results["valid?"])
  end)
end)
