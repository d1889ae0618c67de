-- `./sim test` from within: tests/cli/sim_test_spec.lua runs the program itself.
local json = require "hearsay.json"
local test = require "sim.test"
local main = require "sim.main"

local store

-- Calls a command with what it prints collected: its status, output and diagnostics.
local function call(command, ...)
  local stdout, stderr = io.stdout, io.stderr
  local out, err = {}, {}
  local function writer(list)
    return { flush = function() end, write = function(_, ...)
      for _, text in ipairs({ ... }) do
        list[#list + 1] = text
      end
    end }
  end
  io.stdout, io.stderr = writer(out), writer(err) -- luacheck: ignore 122
  local results = table.pack(pcall(command, ...))
  io.stdout, io.stderr = stdout, stderr -- luacheck: ignore 122
  assert(results[1], results[2])
  return results[2], table.concat(out), table.concat(err)
end

local function run(...)
  return call(test.main, { "--store", store, "--time-limit", "5", ... })
end

describe("the test command", function()
  setup(function()
    local pipe = io.popen("mktemp -d")
    store = pipe:read("l")
    pipe:close()
  end)
  teardown(function()
    os.execute("rm -rf " .. store)
  end)

  it("runs a script given with ./node, without it, or behind --", function()
    for _, words in ipairs({
      { "--bin", "./node challenges/unique_ids_2.lua counter" },
      { "--bin", "challenges/unique_ids_2.lua counter" },
      { "--bin", "./node", "--", "challenges/unique_ids_2.lua", "counter" },
      { "--bin", "challenges/unique_ids_2.lua", "--", "counter" },
      { "--bin", "./node --max-line 9999 --data nowhere challenges/unique_ids_2.lua counter" },
    }) do
      local status, out, err = run("--json", table.unpack(words))
      assert.same({ 0, "" }, { status, err })
      assert.matches("^n%d%-%w+%-%d+$", json.decode(out).workload.range[1])
    end
  end)

  it("shows the verdict and the figures, and the command that repeats it", function()
    local status, out, err = run("--bin", "./node challenges/broadcast_3d.lua", "--seed", "9",
      "--rate", "20")
    assert.same({ 0, "" }, { status, err })
    assert.matches("VALID", out)
    assert.matches("between servers", out)
    assert.matches("%-%-seed 9", out)
    assert.matches(store, out, 1, true)
  end)

  it("leaves the same results on disk as it prints", function()
    local _, out = run("--bin", "./node challenges/broadcast_3a.lua", "--node-count", "1", "--json")
    local file = assert(io.open(store .. "/latest/results.json"))
    assert.equal(file:read("a"), out)
    file:close()
    local results = json.decode(out)
    assert.same({ true, 1 }, { results["valid?"], results.seed })
    assert.matches("^%x+$", results.fingerprint)
  end)

  it("is 1 for a run that is not valid, 2 for one that tells nothing", function()
    local status, out = run("--bin", "./node challenges/broadcast_3a.lua", "--rate", "50")
    assert.equal(1, status) -- it keeps its values to itself
    assert.matches("INVALID", out)
    status, out = run("--bin", "./node challenges/broadcast_3d.lua", "--rate", "0")
    assert.equal(2, status)
    assert.matches("UNKNOWN", out)
  end)

  it("runs several seeds from the given one up", function()
    local status, out = run("--bin", "./node challenges/broadcast_3d.lua", "--rate", "20",
      "--test-count", "4", "--seed", "7")
    assert.equal(0, status)
    local seeds = {}
    for seed in out:gmatch("[^-]seed (%d+)") do
      seeds[#seeds + 1] = seed
    end
    assert.same({ "7", "8", "9", "10" }, seeds)
  end)

  it("is as bad as the worst of several runs: invalid, then unknown", function()
    -- Few operations, and values stay where they are: some runs are bad, some tell nothing.
    local function status_of(seed, count)
      return (run("--bin", "./node challenges/broadcast_3a.lua", "--rate", "0.3", "--node-count",
        "2", "--seed", tostring(seed), "--test-count", tostring(count)))
    end
    local badness, statuses, seen = { [0] = 0, [2] = 1, [1] = 2 }, {}, {}
    for seed = 1, 15 do
      statuses[seed] = status_of(seed, 1)
    end
    for seed = 1, 14 do
      local one, two = statuses[seed], statuses[seed + 1]
      seen[one .. " " .. two] = true
      assert.equal(badness[one] > badness[two] and one or two, status_of(seed, 2))
    end
    for _, pair in ipairs({ "1 0", "0 1", "1 2", "2 1", "0 2" }) do
      assert.is_true(seen[pair], pair)
    end
  end)

  it("is 254 for options that are none, said in one line", function()
    for _, case in ipairs({
      { {}, "sim: what to run is missing" },
      { { "--bin", "./node" }, "sim: %-%-bin names no script" },
      { { "--bin", "./node --data x" }, "sim: %-%-bin names no script" },
      { { "--bin", "./node x.txt" }, "sim: %-%-bin: expected a Lua script for ./node, not x.txt" },
      { { "--bin", "./no/such/program" }, "there is no such program" },
      { { "--bin", "./node no_such.lua" }, "no_such.lua" },
      { { "--bin", "./node challenges/echo_1.lua", "--rate", "fast" }, "sim: %-%-rate fast: " },
    }) do
      local status, out, err = run(table.unpack(case[1]))
      assert.same({ 254, "" }, { status, out })
      assert.matches("^sim: [^\n]+\n$", err)
      assert.matches(case[2], err)
    end
  end)

  it("is 255 where the script does not load", function()
    local status, out, err = run("--bin", "./node challenges/unique_ids_2.lua nonsense")
    assert.same({ 255, "" }, { status, out })
    assert.matches("^sim: [^\n]*expected flake, counter or uuid7, not nonsense\n$", err)
  end)

  it("shows its help without running anything", function()
    local status, out = run("--help")
    assert.equal(0, status)
    assert.matches("^Usage: ./sim test ", out)
  end)

  it("prints what nodes log and what is sent and received, when asked to", function()
    local _, _, err = run("--bin", "./node challenges/echo_1.lua", "--log-stderr",
      "--log-net-send", "--log-net-recv", "--rate", "2", "--node-count", "1")
    assert.matches('"event":"send"', err)
    assert.matches('"event":"recv"', err)
    _, _, err = run("--bin", "./node challenges/echo_1.lua", "--log-net-send", "--rate", "2")
    assert.matches('"event":"send"', err)
    assert.not_matches('"event":"recv"', err)
    _, _, err = run("--bin", "./node challenges/echo_1.lua", "-w", "broadcast", "--log-stderr")
    assert.matches('n1 .*no handler for message type "topology"', err)
  end)
end)

describe("sim", function()
  it("has a help, and one line for a command that is none", function()
    local status, out = call(main, "--help")
    assert.equal(0, status)
    assert.matches("^Usage: ./sim ", out)
    assert.matches("\n  test ", out)
    local err
    status, out, err = call(main, "tset")
    assert.same({ 254, "" }, { status, out })
    assert.matches('^sim: unknown command "tset"[^\n]*\n$', err)
    status, out, err = call(main)
    assert.same({ 254, "" }, { status, out })
    assert.matches("^Usage: ", err)
  end)
end)
