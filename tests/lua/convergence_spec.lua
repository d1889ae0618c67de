-- --converge: every node is asked for all it has, after the run and beside its figures.

local convergence = require "sim.checkers.convergence"
local errors = require "hearsay.errors"
local json = require "hearsay.json"
local options = require "sim.options"
local randoms = require "hearsay.random"
local screen = require "sim.screen"
local trial = require "sim.trial"
local workloads = require "sim.workloads"

local function run(script, ...)
  local path, temporary = script, nil
  if script:find("\n") then
    temporary = os.tmpname()
    path = temporary .. ".lua"
    local file = assert(io.open(path, "w"))
    file:write('local node = require "hearsay"\nlocal json = require "hearsay.json"\n', script)
    file:close()
  end
  local opts = assert(trial.options({ "--bin", "./node " .. path, "--time-limit", "3", "--rate",
    "50", "--node-count", "3", ... }, "test"))
  local result, message = trial.run(opts)
  if temporary then
    os.remove(path)
    os.remove(temporary)
  end
  return result, message, opts
end

describe("the check that nodes agree", function()
  local function check(...)
    local found = {}
    for i, values in ipairs({ ... }) do
      found[i] = { node = "n" .. i - 1, values = values }
    end
    return convergence.check(found, "key")
  end

  it("finds nothing where they show the same, in whatever order", function()
    local result = check({ { 1, "a" }, { 2, "b" } }, { { 2, "b" }, { 1, "a" } })
    assert.same({ true, 2, 2, 0, "key" }, { result["valid?"], result["node-count"],
      result["shown-count"], result["different-count"], result.noun })
    assert.is_true(check({}, {})["valid?"])
    assert.is_true(check({ { 1, "a" } })["valid?"])
  end)

  it("finds another value, and one that is missing", function()
    local result = check({ { 1, "a" }, { 2, "b" } }, { { 1, "a" }, { 2, "c" } })
    assert.is_false(result["valid?"])
    assert.equal(1, result["different-count"])
    assert.same({ { name = 2, shown = { n0 = "b", n1 = "c" } } },
      table.move(result.different, 1, 9, 1, {}))
    result = check({}, { { 7, 0 } })
    assert.is_false(result["valid?"])
    assert.same({ n0 = json.null, n1 = 0 }, result.different[1].shown)
  end)

  it("looks at all nodes, not only at the first two", function()
    assert.is_false(check({ { 1, 1 } }, { { 1, 1 } }, { { 1, 2 } })["valid?"])
    assert.is_false(check({}, {}, { { 1, 2 } })["valid?"])
  end)

  it("takes null for nothing, and the later of two", function()
    assert.is_true(check({ { 1, json.null } }, {})["valid?"])
    assert.is_true(check({ { 1, 5 }, { 1, 6 } }, { { 1, 6 } })["valid?"])
  end)

  it("tells values and names apart as JSON does", function()
    assert.is_false(check({ { 1, 1 } }, { { 1, 1.0 } })["valid?"])
    assert.equal(2, check({ { 1, 1 } }, { { "1", 1 } })["different-count"])
    assert.is_true(check({ { { "k", 1 }, { 1 } } }, { { { "k", 1 }, { 1 } } })["valid?"])
  end)

  it("describes some and counts all", function()
    local many = {}
    for i = 1, 20 do
      many[i] = { i, i }
    end
    local result = check(many, {})
    assert.same({ 20, 8 }, { result["different-count"], #result.different })
  end)

  it("does not pass a node that did not say, nor take it for one that has nothing", function()
    local found = {
      { node = "n0", values = { { 1, 1 } } },
      { node = "n1", values = {}, error = errors.new("timeout", "no reply") },
    }
    local result = convergence.check(found, "key")
    assert.same({ false, 0 }, { result["valid?"], result["different-count"] })
    assert.same({ node = "n1", error = "timeout (0): no reply" }, result.unanswered[1])
  end)
end)

describe("--converge", function()
  local ALONE = { "tests/sim/broken/txn_alone.lua", "-w", "txn-rw-register",
    "--consistency-models", "read-committed" }

  it("is off unless it is asked for", function()
    local one = run(table.unpack(ALONE))
    assert.is_nil(one.results.converged)
    assert.is_true(one.results["valid?"])
  end)

  it("changes no other figure of a run", function()
    for _, case in ipairs({ ALONE, { "challenges/broadcast_3c.lua", "--latency", "20" },
      { "challenges/kafka_5b.lua", "--latency", "5", "--nemesis", "partition" } }) do
      local before, after = run(table.unpack(case)), run(case[1], "--converge",
        table.unpack(case, 2))
      assert.is_table(after.results.converged)
      after.results.converged = nil
      for _, built in ipairs({ before.results, after.results }) do
        built["valid?"], built.fingerprint = nil, nil
      end
      assert.same(before.results, after.results)
      assert.same({ before.duration_us, #before.history, before.net },
        { after.duration_us, #after.history, after.net })
    end
  end)

  it("is the same again for the same seed, and another run for another", function()
    local prints = {}
    for i, seed in ipairs({ "1", "1", "2" }) do
      prints[i] = run("challenges/broadcast_3c.lua", "--converge", "--seed", seed).fingerprint
    end
    assert.equal(prints[1], prints[2])
    assert.not_equal(prints[1], prints[3])
  end)

  it("asks after 10 s of quiet", function()
    local one = run([[
      local last = 0
      node.on("txn", function(msg)
        for _, op in ipairs(msg.body.txn) do
          op[3] = op[1] == "w" and op[3] or math.floor(node.now() - last)
        end
        last = node.now()
        return { type = "txn_ok", txn = msg.body.txn }
      end)
    ]], "-w", "txn-rw-register", "--converge", "--max-txn-length", "1000")
    for _, found in ipairs(one.contents) do
      local quiet = found.values[1][2]
      assert(quiet >= 10 and quiet <= 12, quiet)
    end
  end)

  it("asks when faults are over", function()
    for seed = 1, 5 do
      local one = run("challenges/broadcast_3c.lua", "--converge", "--seed", tostring(seed),
        "--nemesis", "partition,pause,loss", "--nemesis-interval", "1", "--latency", "20")
      assert(#one.faults > 1)
      assert.is_true(one.results.converged["valid?"])
      one = run("challenges/broadcast_3c.lua", "--converge", "--seed", tostring(seed),
        "--nemesis", "kill", "--nemesis-interval", "1") -- some have forgotten, but all are there
      assert(#one.faults > 0)
      assert.is_nil(one.results.converged.unanswered[1])
    end
  end)

  it("names the keys, and what which node shows", function()
    local one, _, opts = run(ALONE[1], "--converge", table.unpack(ALONE, 2))
    assert.is_false(one.results["valid?"])
    assert.is_true(one.results.workload["valid?"])
    local different = one.results.converged.different[1]
    local text = screen.render(one.results, {
      opts = opts, workload = one.workload, script = "x.lua", details = one.details,
      duration_us = one.duration_us, command = options.command(opts),
    }):gsub("%s+", " ")
    assert.matches("INVALID nodes differ in %d+ of %d+ keys", text)
    assert.matches(("Differ key %d: "):format(different.name), text, 1, true)
    for id, v in pairs(different.shown) do
      assert.matches(("%s at [%%w, ]*%s"):format(v == json.null and "nothing" or v, id), text)
    end
  end)

  it("says on the screen that nodes agree", function()
    local one, _, opts = run("challenges/broadcast_3c.lua", "--converge")
    local text = screen.render(one.results, {
      opts = opts, workload = one.workload, script = "x.lua", details = one.details,
      duration_us = one.duration_us, command = options.command(opts),
    }):gsub("%s+", " ")
    assert.matches("Converged 3 nodes show the same: %d+ values", text)
  end)

  it("asks again where a node refuses, and does not pass one that keeps silent", function()
    local function refusing(what)
      return ([[
        local asked = 0
        node.on("add", function() return { type = "add_ok" } end)
        node.on("read", function()
          asked = asked + 1
          %s
          return { type = "read_ok", value = 0 }
        end)
      ]]):format(what)
    end
    local function converge(what)
      return run(refusing(what), "-w", "g-counter", "--rate", "0", "--converge").results.converged
    end
    -- The final read of the load comes first.
    assert.is_true(converge("")["valid?"])
    assert.is_true(converge(
      'if asked == 2 then error(require("hearsay.errors").new("abort")) end')["valid?"])
    assert.is_true(converge("if asked == 2 or asked == 3 then return nil end")["valid?"])
    local result = converge('if node.id == "n1" then return nil end')
    assert.is_false(result["valid?"])
    assert.same({ 1, "n1" }, { #result.unanswered, result.unanswered[1].node })
    assert.matches("no reply from n1 within 5 s", result.unanswered[1].error)
    result = converge('if asked > 1 then return { type = "read_ok", value = "x" } end')
    assert.equal(3, #result.unanswered)
  end)

  it("refuses a workload whose nodes have nothing to agree about", function()
    local result, message = run("challenges/echo_1.lua", "--converge")
    assert.is_nil(result)
    assert.matches("--converge: nodes of the workload echo have nothing", message, 1, true)
  end)

  it("has a problem where a node does what none may while it is asked", function()
    local one = run([[
      node.on("add", function() return { type = "add_ok" } end)
      local asked = 0
      node.on("read", function()
        asked = asked + 1
        if asked == 2 then node.send("n99", { type = "hello" }) end
        return { type = "read_ok", value = 0 }
      end)
    ]], "-w", "g-counter", "--rate", "0", "--converge")
    assert.is_false(one.results["valid?"])
    assert.matches('sent a message to "n99"', one.problems[1].text)
    assert.is_nil(one.results.converged)
  end)
end)

describe("the contents of", function()
  -- All operations that a node is asked, answered by a function from f and value.
  local function inquire(name, history, answer, opts)
    local contents = workloads.get(name).contents
    local generate, shown, asked = contents.operations(history, opts or {}), {}, {}
    local f, value = generate(nil)
    while f do
      local op = { f = f, value = value, result = answer(f, value) }
      asked[#asked + 1] = { f, value }
      for _, pair in ipairs(contents.shown(op)) do
        shown[#shown + 1] = { pair[1], pair[2] }
      end
      f, value = generate(op)
    end
    return shown, asked
  end

  it("transactions are all keys of the history, in transactions that are no longer", function()
    local generate = workloads.get("txn-rw-register").generator(
      { max_txn_length = 4, max_writes_per_key = 16 }, randoms.stream(1, "workload"))
    local history, keys = {}, {}
    for i = 1, 300 do
      local f, value = generate()
      history[i] = { f = f, value = value }
      for _, micro in ipairs(value) do
        keys[micro[2]] = true
      end
    end
    local shown, asked = inquire("txn-rw-register", history, function(_, txn)
      assert(#txn >= 1 and #txn <= 4)
      local done = {}
      for i, micro in ipairs(txn) do
        assert.same({ "r", json.null }, { micro[1], micro[3] })
        done[i] = { "r", micro[2], micro[2] + 1000 }
      end
      return done
    end, { max_txn_length = 4 })
    for _, pair in ipairs(shown) do
      assert.equal(pair[1] + 1000, pair[2])
      assert.is_true(keys[pair[1]])
      keys[pair[1]] = nil
    end
    assert.is_nil(next(keys))
    assert.equal((#shown + 3) // 4, #asked)
  end)

  it("logs are polled from the beginning until nothing more is shown", function()
    local history = {
      { f = "send", value = { key = "b", msg = 1 } },
      { f = "send", value = { key = "a", msg = 2 } },
      { f = "poll" },
      { f = "send", value = { key = "b", msg = 3 } },
    }
    local pages = {
      { b = { { 0, 1 } }, a = { { 5, 2 } } },
      { b = { { 4, 3 } }, a = {} },
      { b = {} },
    }
    local polls = 0
    local shown, asked = inquire("kafka", history, function(f)
      if f == "poll" then
        polls = polls + 1
        return pages[polls]
      end
      return true
    end)
    assert.same({ { { "a", 5 }, 2 }, { { "b", 0 }, 1 }, { { "b", 4 }, 3 } }, shown)
    assert.same({ "assign", "poll", "poll", "poll" },
      { asked[1][1], asked[2][1], asked[3][1], asked[4][1] })
    assert.equal(4, #asked)
    assert.is_true(asked[1][2].seek_to_beginning)
    assert.same({ "b", "a" }, table.move(asked[1][2].keys, 1, 2, 1, {}))
  end)

  it("logs end also where every poll shows the same", function()
    local _, asked = inquire("kafka", { { f = "send", value = { key = "k", msg = 1 } },
      { f = "poll" }, { f = "poll" } }, function() return { k = { { 0, 1 } } } end)
    assert.equal(3, #asked)
    assert.same({}, (inquire("kafka", {}, function() return {} end)))
  end)

  it("lin-kv are all keys of the history", function()
    local shown = inquire("lin-kv", { { f = "cas", value = { key = 2 } },
      { f = "read", value = { key = 0 } } }, function(_, value) return value.key * 10 end)
    assert.same({ { 0, 0 }, { 1, 10 }, { 2, 20 } }, shown)
  end)

  it("lists are their elements, and a counter is its sum", function()
    assert.same({ { 7, 7 }, { "x", "x" } },
      (inquire("broadcast", {}, function() return { 7, "x" } end)))
    assert.same({ { 7, 7 } }, (inquire("g-set", {}, function() return { 7 } end)))
    assert.same({ { "sum", 42 } }, (inquire("pn-counter", {}, function() return 42 end)))
  end)
end)
