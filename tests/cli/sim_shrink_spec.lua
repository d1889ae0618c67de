-- ./sim shrink and ./sim replay: the least that still fails, and what happened step by step.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

local FLOOD = "--bin challenges/broadcast_3b.lua --topology line --rate 20 --latency 100 "
local LOSS = FLOOD .. "--node-count 6 --time-limit 10 --nemesis loss --nemesis-interval 2 "

local sh = shell.open()

-- Runs a command that shrink printed; returns its results, its operations (those of the load) and
-- its status.
local function run(command)
  local ran = sh:run(command .. " --json --store " .. quote(sh:path("store")))
  local results = json.decode(ran.out)
  local operations = 0
  for line in sh:read("store/latest/history.jsonl"):gmatch("[^\n]+") do
    operations = operations + (json.decode(line).final and 0 or 1)
  end
  return results, operations, ran.status
end

describe("./sim shrink", function()
  teardown(function() sh:close() end)

  -- What it printed: nodes, faults, operations, verdict, command.
  local function shrink(arguments)
    local ran = sh:run("./sim shrink " .. arguments)
    assert.equal("", ran.err)
    assert.equal(1, ran.status)
    local found, lines = {}, shell.lines(ran.out)
    found.runs, found.nodes, found.faults, found.operations = lines[1]:match(
      "^After (%d+) runs, this still fails: (%d+) nodes?, (%d+) faults?, (%d+) operations?%.$")
    for name, text in pairs(found) do
      found[name] = assert(tonumber(text))
    end
    assert.equal(found.faults + 3, #lines)
    for i = 1, found.faults do
      assert.matches("^  fault %d+, [%a-]+: .+, from %d+%.%d%d to %d+%.%d%d s$", lines[1 + i])
    end
    found.verdict, found.command = lines[#lines - 1], lines[#lines]:match("^  (%./sim test .*)$")
    return found, lines
  end

  it("finds less that still fails where only --converge shows it", function()
    local found = shrink("-w txn-rw-register --bin tests/sim/broken/txn_first_wins.lua --rate 50 "
      .. "--node-count 3 --time-limit 5 --nemesis partition --nemesis-interval 2 --converge "
      .. "--consistency-models read-committed")
    assert.same({ 2, 0 }, { found.nodes, found.faults })
    assert(found.operations < 10, found.operations)
    assert.matches("INVALID: nodes differ in %d+ of %d+ keys", found.verdict)
    local after, left, status = run(found.command)
    assert.same({ 1, found.operations }, { status, left })
    assert.same({ true, false }, { after.workload["valid?"] ~= false, after.converged["valid?"] })
  end)

  for name, options in pairs({
    ["lost messages"] = LOSS,
    ["a partition"] = LOSS:gsub("nemesis loss", "nemesis partition"),
    ["one of several faults"] = LOSS:gsub("nemesis loss", "nemesis duplicate,loss,skew,spike"),
    ["a kill"] = LOSS:gsub("nemesis loss", "nemesis kill,pause"),
  }) do
    it("finds less that still fails: " .. name, function()
      local before, operations = run("./sim test --seed 3 " .. options)
      assert.is_false(before["valid?"])
      local found = shrink("--seed 3 " .. options)
      local after, left, status = run(found.command)
      assert.equal(1, status)
      assert.equal(found.operations, left)
      assert.is_true(found.nodes <= 6 and found.faults <= 3 and left < operations)
      -- It fails in the same way.
      assert.is_false(after.workload["valid?"])
      assert.is_true(after.workload["lost-count"] > 0)
      assert.matches("lost", found.verdict)
    end)
  end

  it("keeps only what is needed", function()
    -- Takes a value wrong when two have gone before it: three operations on a node, no fault.
    local script = sh:write("third.lua", [[
      local node = require "hearsay"
      local count = 0
      node.on("echo", function(msg)
        count = count + 1
        return { type = "echo_ok", echo = count < 3 and msg.body.echo or "third" }
      end)
    ]])
    local found, lines = shrink("--node-count 5 --nemesis partition,duplicate,loss --bin "
      .. quote(script))
    assert.same({ 1, 0, 3 }, { found.nodes, found.faults, found.operations })
    assert.matches("1 node, 0 faults, 3 operations.", lines[1], 1, true)
    local _, operations, status = run(found.command)
    assert.same({ 3, 1 }, { operations, status })
  end)

  it("keeps a fault without which nothing fails, by its number", function()
    local found = shrink("--seed 3 " .. LOSS)
    assert.is_true(found.faults >= 1)
    assert.matches("%-%-fault%-windows [%d,]+", found.command)
    local _, count = found.command:match("%-%-fault%-windows ([%d,]+)"):gsub("%d+", "")
    assert.equal(found.faults, count)
    local without = run((found.command:gsub("%-%-fault%-windows [%d,]+", "--fault-windows 0")))
    assert.is_true(without["valid?"])
  end)

  it("does not take another failure for the first", function()
    -- Loses values under loss; killed from beginning to end a node also answers nothing.
    local found = shrink(FLOOD .. "--node-count 5 --time-limit 10 --nemesis pause,loss,kill "
      .. "--nemesis-interval 4 --seed 3")
    assert.matches("lost", found.verdict)
    assert.is_true(run(found.command).workload["lost-count"] > 0)
  end)

  it("gives the same for the same", function()
    assert.same((shrink("--seed 5 " .. LOSS)), (shrink("--seed 5 " .. LOSS)))
  end)

  it("has nothing to do where nothing fails", function()
    local ran = sh:run("./sim shrink --bin challenges/echo_1.lua --time-limit 5")
    assert.same({ out = "This run does not fail: there is nothing to shrink.\n", err = "",
      status = 0 }, ran)
  end)

  it("takes the command that explore prints", function()
    local explored = sh:run("./sim explore --nemesis loss --seeds 20 "
      .. "--bin challenges/broadcast_3b.lua").out
    local command = assert(explored:match("%./sim test ([^\n]+)"))
    assert.equal(1, select(3, run((shrink(command)).command)))
  end)

  for arguments, complaint in pairs({
    [""] = "sim: what to run is missing",
    ["--seeds 5"] = "sim: --seeds is an option of explore; ",
    ["--bin challenges/echo_1.lua --real-time"] = "sim: shrink runs in virtual time",
    ["--bin nosuch.lua"] = "sim: no such script: nosuch.lua",
  }) do
    it("exits with 254: " .. arguments, function()
      for _, command in ipairs({ "shrink", "replay" }) do
        if command == "shrink" or not arguments:find("real") then
          local ran = sh:run(("./sim %s %s"):format(command, arguments))
          assert.same({ 254, "" }, { ran.status, ran.out })
          assert.equal(complaint, ran.err:sub(1, #complaint))
          assert.equal(1, #shell.lines(ran.err))
        end
      end
    end)
  end

  it("exits with 255 where the script does not load", function()
    local script = quote(sh:write("fails.lua", 'error("oh no")'))
    for _, command in ipairs({ "shrink", "replay", "compare" }) do
      local ran = sh:run(("./sim %s --bin %s"):format(command, script))
      assert.same({ 255, "" }, { ran.status, ran.out })
      assert.matches("^sim: [^\n]*fails.lua:1: oh no\n$", ran.err)
    end
  end)
end)

describe("./sim replay", function()
  local replayed = shell.open()

  teardown(function() replayed:close() end)

  local OPTIONS = FLOOD .. "--node-count 3 --time-limit 5 --nemesis partition,kill "
    .. "--nemesis-interval 1 --seed 2 "

  local function replay()
    local ran = replayed:run("./sim replay " .. OPTIONS)
    assert.same({ 0, "" }, { ran.status, ran.err })
    return shell.lines(ran.out)
  end

  local function count(lines, pattern)
    local n = 0
    for _, line in ipairs(lines) do
      n = n + (line:find(pattern) and 1 or 0)
    end
    return n
  end

  it("tells what happened in the order of time", function()
    local last = -math.huge
    for _, line in ipairs(replay()) do
      local time = tonumber(line:match("^ *(-?%d+%.%d%d%d%d%d%d)  %S"))
      assert(time and time >= last, line)
      last = time
    end
  end)

  it("tells every operation, fault and message", function()
    local lines = replay()
    local ran = replayed:run("./sim test --json --store " .. quote(replayed:path("store")) .. " "
      .. OPTIONS)
    local results = json.decode(ran.out)
    assert.equal(results.stats.count, count(lines, "  client %d+ asks n%d: %l+"))
    assert.equal(results.stats["ok-count"], count(lines, "  client %d+ has ok: %l+"))
    assert.equal(results.stats["info-count"], count(lines, "  client %d+ has info: %l+"))
    assert.equal(results.net.servers["send-count"], count(lines, "  n%d +%-> n%d +flood +{"))
    assert.equal(results.net.servers["recv-count"], count(lines, "  n%d +<%- n%d +flood +{"))
    local begun = count(lines, "  fault %d+, [%a-]+: .+ begins$")
    assert.is_true(begun > 2)
    assert.equal(begun, count(lines, "  fault %d+, [%a-]+: .+ ends$"))
    assert.is_true(count(lines, "partition:") > 0 and count(lines, "kill:") > 0)
  end)

  it("cuts lines to the terminal, or 120 columns, unless --full is given", function()
    local command = "./sim replay challenges/broadcast_3d.lua --node-count 5 --time-limit 5 "
    local function longest(text)
      local most = 0
      for _, line in ipairs(shell.lines(text)) do
        most = math.max(most, utf8.len(line))
      end
      return most
    end
    local ran = replayed:run(command .. "--rate 100")
    assert.equal(120, longest(ran.out))
    assert.not_matches("\27", ran.out)
    assert.matches("%.%.\n", ran.out)
    local full = replayed:run(command .. "--rate 100 --full")
    assert.is_true(longest(full.out) > 200)
    assert.equal(#shell.lines(ran.out), #shell.lines(full.out))
    assert.matches("\27%[1mclient", replayed:run(command .. "--color=always").out)
  end)

  it("tells an answer after its question", function()
    local open = {}
    for _, line in ipairs(replay()) do
      local asks, has = line:match("client (%d+) asks"), line:match("client (%d+) has")
      if asks then
        assert.is_nil(open[asks], line)
        open[asks] = true
      elseif has then
        assert.is_true(open[has], line)
        open[has] = nil
      end
    end
    assert.same({}, open)
  end)

  it("is the same each time", function()
    assert.same(replay(), replay())
  end)

  it("keeps to the windows that are to be kept", function()
    local lines = shell.lines(replayed:run("./sim replay --fault-windows 2 " .. OPTIONS).out)
    assert.equal(1, count(lines, "  fault 2, .* begins$"))
    assert.equal(1, count(lines, "begins$"))
  end)
end)
