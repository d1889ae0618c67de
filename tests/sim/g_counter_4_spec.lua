-- Challenge 4: a counter that only grows.

local bench = dofile("tests/sim/bench.lua")
local lab = require "hearsay.testing"

local SCRIPT = "challenges/g_counter_4.lua"
local TASK = "--node-count 3 --rate 100 --time-limit 20 --availability total "

-- As the script of each workload.
local SCRIPTS = { ["g-counter"] = SCRIPT, ["pn-counter"] = SCRIPT .. " negative=true" }

describe("g_counter_4", function()
  for workload, script in pairs(SCRIPTS) do
    for seed = 1, 3 do
      it(("counts all through partitions for at most 0.05 messages an operation, %s, seed %d")
        :format(workload, seed), function()
        local run = bench.valid(script, ("-w %s %s --nemesis partition --seed %d"):format(workload,
          TASK, seed))
        bench.at_most(0.05, run.results.net.servers["msgs-per-op"], "messages per operation", run)
        assert.is_true(run.results.workload["acknowledged-count"] > 500)
      end)
    end

    for _, fault in ipairs({ "one-way", "loss", "duplicate", "reorder", "pause", "spike", "skew",
      "partition,one-way,loss,duplicate,reorder,pause,spike,skew" }) do
      it(("stands %s, %s"):format(fault, workload), function()
        for seed = 1, 3 do
          bench.valid(script, ("-w %s --node-count 3 --rate 100 --time-limit 20 --latency 20 "
            .. "--nemesis %s --nemesis-interval 2 --seed %d"):format(workload, fault, seed))
        end
      end)
    end
  end

  it("takes deltas below 0 by one other line", function()
    bench.edited(SCRIPT, "negative = false", "negative = true,",
      "-w pn-counter --node-count 3 --rate 50 --time-limit 5")
  end)

  it("works for any number of nodes and whatever their names are", function()
    for _, n in ipairs({ 1, 2, 5, 9 }) do
      bench.valid(SCRIPT, "-w g-counter --rate 50 --time-limit 10 --latency 100 --node-count " .. n)
    end
    bench.valid(SCRIPT, "-w g-counter --rate 50 --time-limit 10 --nodes zebra,ant,x-1")
  end)

  it("answers at once, and needs neither other nodes nor a service", function()
    local nodes = lab.start(SCRIPT, { nodes = 3 })
    nodes:ask("n0", { type = "add", delta = 2 })
    nodes:isolate("n0")
    for _, service in ipairs({ "lin-kv", "seq-kv", "lww-kv" }) do
      nodes:cut({ service }, { "n0", "n1", "n2" })
    end
    assert.equal("add_ok", nodes:ask("n0", { type = "add", delta = 3 }, 0.001).type)
    assert.equal(5, nodes:ask("n0", { type = "read" }, 0.001).value)
    nodes:kill("n2")
    assert.equal(0, nodes:ask("n1", { type = "read" }, 0.001).value)
  end)
end)

describe("g_counter_4, asked,", function()
  local function read(nodes, id)
    return nodes:ask(id, { type = "read" }).value
  end

  it("shows an add at once where it was made, and elsewhere within two windows", function()
    local nodes = lab.start(SCRIPT, { nodes = 3, latency = 100 })
    for i = 1, 10 do
      nodes:run(0.37)
      nodes:ask("n1", { type = "add", delta = 5 })
      assert.equal(5 * i, read(nodes, "n1"))
      nodes:eventually(2.1, function()
        return read(nodes, "n0") == 5 * i and read(nodes, "n2") == 5 * i
      end)
    end
  end)

  for workload, arguments in pairs({ ["g-counter"] = {}, ["pn-counter"] = { "negative=true" } }) do
    it("refuses what is no delta, and is unchanged, as " .. workload, function()
      local nodes = lab.start(SCRIPT, { args = arguments })
      nodes:ask("n0", { type = "add", delta = 7 })
      local function refused(body, expected)
        local reply, err = nodes:ask("n0", body)
        assert.is_nil(reply)
        assert.equal(12, err.code)
        assert.equal(expected, err.text)
        assert.equal(7, read(nodes, "n0"))
      end
      refused({ type = "add" }, 'add: expected a field "delta" (integer)')
      for text, delta in pairs({ ["1.5"] = 1.5, ['"1"'] = "1", ["1.0"] = 1.0, ["true"] = true }) do
        refused({ type = "add", delta = delta },
          'add: expected "delta" to be of type integer, got ' .. text)
      end
      if workload == "g-counter" then
        refused({ type = "add", delta = -1 }, "add: expected a delta from 0, got -1")
      else
        nodes:ask("n0", { type = "add", delta = -10 })
        assert.equal(-3, read(nodes, "n0"))
      end
    end)
  end

  it("refuses an add that does not fit 64 bits, and is unchanged", function()
    local nodes = lab.start(SCRIPT, { args = { "negative=true" } })
    nodes:ask("n0", { type = "add", delta = math.maxinteger })
    for _, delta in ipairs({ 1, math.mininteger }) do
      local reply, err = nodes:ask("n0", { type = "add", delta = delta })
      assert.is_nil(reply)
      assert.same({ 14, true }, { err.code, err.definite })
      assert.matches("do not fit 64 bits", err.text)
    end
    assert.equal(math.maxinteger, read(nodes, "n0"))
  end)

  it("says in a read that what two nodes accepted apart does not fit 64 bits", function()
    local nodes = lab.start(SCRIPT, { nodes = 2 })
    nodes:ask("n0", { type = "add", delta = math.maxinteger })
    nodes:ask("n1", { type = "add", delta = 1 })
    nodes:run(5)
    local reply, err = nodes:ask("n1", { type = "read" })
    assert.is_nil(reply)
    assert.equal("the sum of all replicas does not fit 64 bits", err.text)
  end)

  it("gets back what it had told before it was killed, and goes on counting", function()
    local nodes = lab.start(SCRIPT, { nodes = 3, latency = 10 })
    nodes:ask("n0", { type = "add", delta = 1 })
    nodes:run(5)
    nodes:ask("n0", { type = "add", delta = 10 }) -- is lost: nobody has heard of it
    nodes:restart("n0")
    nodes:ask("n0", { type = "add", delta = 100 })
    nodes:run(5)
    for _, id in ipairs(nodes.ids) do
      assert.equal(101, read(nodes, id))
    end
  end)

  it("sends nothing when nothing is added", function()
    local nodes = lab.start(SCRIPT, { nodes = 3, latency = 10 })
    nodes:ask("n0", { type = "add", delta = 1 })
    nodes:run(10)
    nodes:sent()
    nodes:ask("n0", { type = "add", delta = 0 })
    nodes:run(60)
    assert.equal(0, #nodes:sent())
  end)
end)
