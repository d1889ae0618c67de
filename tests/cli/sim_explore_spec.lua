-- ./sim explore: the same on any number of threads, what it draws, what it finds and says.

local json = require "hearsay.json"
local mix = require "sim.mix"
local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

-- Loses values where messages are lost: nothing is repeated.
local FLOOD = "--bin challenges/broadcast_3b.lua "
local IDS = "--bin challenges/unique_ids_2.lua "

describe("./sim explore", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  local function explore(arguments)
    return sh:run("./sim explore " .. arguments)
  end

  -- What it printed: the failures, a list of {seed, verdict, command}, and the numbers of the last
  -- line.
  local function read(ran)
    local found = { failures = {} }
    for seed, verdict, command in ran.out:gmatch("seed (%d+): ([^\n]+)\n  ([^\n]+)\n") do
      table.insert(found.failures, { seed = tonumber(seed), verdict = verdict, command = command })
    end
    local totals = table.pack(ran.out:match("(%d+) seeds: (%d+) valid, (%d+) invalid, (%d+) "
      .. "unknown; (%d+) operations, (%d+) messages; fingerprint (%x+)\n"))
    for i, name in ipairs({ "seeds", "valid", "invalid", "unknown", "operations", "messages" }) do
      found[name] = tonumber(totals[i])
    end
    found.fingerprint = totals[7]
    assert.equal(found.seeds, found.valid + found.invalid + found.unknown)
    assert.equal(found.invalid, #found.failures)
    return found
  end

  it("finds nodes that come apart, with --converge", function()
    local options = "-w txn-rw-register --bin tests/sim/broken/txn_alone.lua --node-count 3 "
      .. "--consistency-models read-committed --rate 50 --time-limit 5 --seeds 5 --collect "
    assert.equal(0, read(explore(options)).invalid)
    local found = read(explore(options .. "--converge"))
    assert.equal(5, found.invalid)
    assert.matches("nodes differ in %d+ of %d+ keys", found.failures[1].verdict)
    assert.matches("--converge", found.failures[1].command, 1, true)
  end)

  it("says the same on one, two and three threads", function()
    for _, arguments in ipairs({ "--seeds 40 " .. IDS, "--seeds 40 --collect " .. FLOOD,
      "--seeds 60 --nemesis loss " .. FLOOD }) do
      local expected = explore(arguments .. "--threads 1")
      assert.matches("fingerprint " .. ("%x"):rep(16), expected.out)
      for threads = 2, 3 do
        local ran = explore(arguments .. "--threads " .. threads)
        assert.same(expected, ran)
      end
    end
  end)

  it("gives other seeds another fingerprint", function()
    local one = read(explore(IDS .. "--seeds 5"))
    local other = read(explore(IDS .. "--seeds 5 --seed 2"))
    assert.not_equal(one.fingerprint, other.fingerprint)
  end)

  it("is quiet about what is right, and exits with 0", function()
    local ran = explore(IDS .. "--seeds 20")
    local found = read(ran)
    assert.same({ 20, 0 }, { found.seeds, found.invalid })
    assert.equal("", ran.err)
    assert.equal(0, ran.status)
    assert.equal(1, #shell.lines(ran.out))
  end)

  it("finds what is lost, and a command with which it is lost again", function()
    local ran = explore("--nemesis loss --seeds 50 " .. FLOOD)
    assert.equal("", ran.err)
    assert.equal(1, ran.status)
    local found = read(ran)
    assert.equal(1, found.invalid) -- it stopped
    local failure = found.failures[1]
    assert.equal(found.seeds, failure.seed) -- and nothing after it was counted
    assert.matches("^INVALID: .*%d+ values? lost", failure.verdict)
    assert.matches("^%./sim test .*%-%-nemesis loss .*%-%-seed " .. failure.seed, failure.command)
    local again = sh:run(failure.command .. " --store " .. quote(sh:path("store")))
    assert.equal(1, again.status)
    assert.matches(failure.verdict:match("%d+ values? lost"), again.out, 1, true)
    assert.matches("shrink", ran.out)
  end)

  it("prints the same as JSON with --json, and nothing else", function()
    local options = "--nemesis loss --collect --seeds 6 --time-limit 5 " .. FLOOD
    local found, ran = read(explore(options)), explore("--json " .. options)
    assert.equal(1, ran.status)
    assert.equal("", ran.err)
    local built = json.decode(ran.out)
    assert.same({ 6, found.invalid, found.invalid },
      { built.seeds, built["invalid-count"], #built.failures })
    assert.equal(6, built["valid-count"] + built["invalid-count"] + built["unknown-count"])
    assert.matches("^%x+$", built.fingerprint)
    for i, failure in ipairs(found.failures) do
      assert.same({ failure.seed, failure.verdict, failure.command },
        { built.failures[i].seed, built.failures[i].verdict, built.failures[i].command })
    end
    assert.matches("[]", explore(IDS .. "--json --seeds 2").out, 1, true)
  end)

  it("goes on and lists all that fail with --collect", function()
    local ran = explore("--nemesis loss --collect --seeds 12 --time-limit 5 " .. FLOOD)
    assert.equal(1, ran.status)
    local found = read(ran)
    assert.equal(12, found.seeds)
    assert.is_true(#found.failures > 3)
    local seeds = {}
    for i, failure in ipairs(found.failures) do
      seeds[i] = failure.seed
      assert.not_matches("--collect", failure.command, 1, true)
      assert.not_matches("--seeds", failure.command, 1, true)
      local again = sh:run(failure.command .. " --store " .. quote(sh:path("store")))
      assert.equal(1, again.status, failure.command)
    end
    local sorted = table.move(seeds, 1, #seeds, 1, {})
    table.sort(sorted)
    assert.same(sorted, seeds)
  end)

  it("draws nothing that was given", function()
    local ran = explore("--collect --seeds 6 --nemesis loss,skew --nemesis-interval 2 --rate 40 "
      .. "--node-count 4 --topology line --latency 7 --latency-dist uniform --time-limit 6 "
      .. FLOOD)
    local found = read(ran)
    assert.is_true(#found.failures > 1)
    for _, failure in ipairs(found.failures) do
      assert.equal("./sim test --bin challenges/broadcast_3b.lua --node-count 4 --topology line "
        .. "--rate 40 --time-limit 6 --latency 7 --latency-dist uniform --nemesis loss,skew "
        .. "--nemesis-interval 2 --seed " .. failure.seed, failure.command)
    end
  end)

  it("leaves the names of the nodes as they were given", function()
    local found = read(explore("--nemesis loss --nodes a,b,c --seeds 50 " .. FLOOD))
    assert.matches("--nodes a,b,c ", found.failures[1].command, 1, true)
    assert.not_matches("node-count", found.failures[1].command)
  end)

  it("begins with --seed", function()
    local found = read(explore("--nemesis loss --collect --seed 70 --seeds 5 " .. FLOOD))
    for _, failure in ipairs(found.failures) do
      assert.is_true(failure.seed >= 70 and failure.seed < 75)
    end
    assert.equal(5, found.seeds)
  end)

  it("kills only when it is asked to", function()
    -- Forgets what it was told when it is killed, and only then.
    local script = quote(sh:write("forget.lua", [[
      local json = require "hearsay.json"
      local node = require "hearsay"
      local values = json.array({})
      node.on("topology", function() return { type = "topology_ok" } end)
      node.on("broadcast", function(msg)
        values[#values + 1] = msg.body.message
        return { type = "broadcast_ok" }
      end)
      node.on("read", function() return { type = "read_ok", messages = values } end)
    ]]))
    local options = "--node-count 1 --time-limit 10 --nemesis-interval 2 --rate 20 "
      .. "--seeds 60 --bin " .. script
    local calm = read(explore(options))
    assert.equal(60, calm.seeds)
    local killed = explore(options .. " --nemesis kill")
    assert.equal(1, killed.status)
    assert.matches("--nemesis kill", read(killed).failures[1].command, 1, true)
  end)

  it("passes on what follows --", function()
    local ran = explore("-w echo --bin ./node --seeds 3 -- challenges/unique_ids_2.lua counter")
    assert.equal(1, ran.status)
    assert.matches(" -- challenges/unique_ids_2.lua counter$", read(ran).failures[1].command)
  end)

  describe("exits with", function()
    for arguments, case in pairs({
      [""] = { 254, "sim: what to run is missing" },
      [IDS .. "--seeds x"] = { 254, "sim: --seeds x: expected a whole number" },
      [IDS .. "--threads 0"] = { 254, "sim: --threads 0: expected a whole number from 1 to" },
      [IDS .. "--cs"] = { 254, "sim: unknown option --cs; ./sim explore --help lists them all" },
      [IDS .. "--csv"] = { 254, "sim: --csv is an option of compare; explore does not take it" },
      [IDS .. "--test-count 2"] = { 254,
        "sim: --test-count is an option of test; explore does not take it" },
      [IDS .. "--store here"] = { 254, "sim: --store is an option of test; explore does not" },
      [IDS .. "--log-stderr"] = { 254, "sim: --log-stderr is an option of test and watch; " },
      [IDS .. "--colect"] = { 254, "sim: unknown option --colect; did you mean --collect?" },
      [IDS .. "--real-time"] = { 254, "sim: explore runs in virtual time" },
      ["-w echo --bin sh"] = { 254, "sim: explore runs in virtual time" },
      ["--bin nosuch.lua"] = { 254, "sim: no such script: nosuch.lua" },
    }) do
      it(case[1] .. ": " .. arguments, function()
        local ran = explore(arguments)
        assert.equal(case[1], ran.status)
        assert.equal(case[2], ran.err:sub(1, #case[2]))
        assert.equal(1, #shell.lines(ran.err))
        assert.equal("", ran.out)
      end)
    end

    it("255: a script that does not load", function()
      local script = sh:write("fails.lua", 'error("oh no")')
      local ran = explore("--seeds 5 --bin " .. quote(script))
      assert.equal(255, ran.status)
      assert.matches("^sim: [^\n]*fails.lua:1: oh no\n$", ran.err)
      assert.equal("", ran.out)
    end)
  end)

  it("stores nothing", function()
    local here = sh.root
    local ran = sh:run(("mkdir %s && cd %s && %s/sim explore --nemesis loss --seeds 5 "
      .. "--node-count 3 --rate 20 --time-limit 5 --bin %s/challenges/broadcast_3b.lua"):format(
      quote(sh:path("empty")), quote(sh:path("empty")), quote(here), quote(here)))
    assert.equal(1, ran.status, ran.err)
    assert.equal("", sh:run("ls " .. quote(sh:path("empty"))).out)
  end)

  it("runs the mix of the seed", function()
    local failure = read(explore("--seeds 200 " .. FLOOD)).failures[1]
    local changes = mix.draw(failure.seed, {})
    for name, text in pairs(changes) do
      assert.matches(("--%s %s"):format(name, text), failure.command, 1, true)
    end
  end)
end)

describe("./sim", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  -- Options that only some commands have.
  local special = {
    ["test-count"] = { test = true }, seeds = { explore = true }, threads = { explore = true },
    collect = { explore = true }, csv = { compare = true }, store = { test = true },
    json = { test = true, explore = true, compare = true }, ["log-stderr"] = { test = true },
    ["log-net-send"] = { test = true }, ["log-net-recv"] = { test = true },
  }

  for _, command in ipairs({ "test", "explore", "shrink", "replay", "compare" }) do
    it("explains " .. command .. ": its options, and no others", function()
      local ran = sh:run(("./sim %s --help"):format(command))
      assert.equal(0, ran.status)
      assert.equal("", ran.err)
      assert.matches("^Usage: %./sim " .. command .. " ", ran.out)
      for name, owners in pairs(special) do
        local is_listed = ran.out:find("\n +%-%-" .. name:gsub("-", "%%-") .. "%f[^%w-]") ~= nil
        assert.equal(owners[command] or false, is_listed, name)
      end
      assert.matches("\n +%-%-nemesis FAULTS ", ran.out)
      for _, line in ipairs(shell.lines(ran.out)) do
        assert.is_true(#line <= 80, line)
      end
    end)

    it("lists " .. command .. " in its help", function()
      assert.matches("\n  " .. command .. " +%l", sh:run("./sim --help").out)
    end)
  end

  it("shows how far it is within the terminal, and leaves nothing of it", function()
    if sh:run("script -qec 'test -t 2' /dev/null").status ~= 0 then
      pending("needs script(1)")
    end
    local command = "./sim explore challenges/unique_ids_2.lua --seeds 20 --time-limit 1"
    local function screen(environment)
      return sh:run(("script -qec %s /dev/null"):format(shell.quote(
        "export TERM=xterm; stty cols 50; " .. environment .. command))).out
    end
    local out, drawn = screen(""), 0
    for text in out:gmatch("\r(%[?[#.]*%]? ?%d[^\r\27]* of 20 seeds[^\r\27]*)\27%[K") do
      assert.is_true(#text <= 47, text)
      drawn = drawn + 1
    end
    assert.is_true(drawn > 1)
    assert.matches("\r\27%[K20 seeds: %d+ valid, 0 invalid", out)
    assert.not_matches("\27", screen("export TERM=dumb; "))
    assert.equal("", sh:run(command).err)
  end)

  it("lists the commands where there is no such one", function()
    local ran = sh:run("./sim bogus --bin x")
    assert.equal(254, ran.status)
    assert.equal('sim: unknown command "bogus"; expected one of '
      .. table.concat(require("sim.commands").names(), ", ") .. "\n", ran.err)
    assert.equal("", ran.out)
  end)
end)
