-- ./sim test: every challenge, the forms of --bin, exit statuses, what goes to stdout.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

describe("./sim test", function()
  local sh = shell.open()
  local store = " --store " .. quote(sh:path("store"))

  teardown(function() sh:close() end)

  local function sim(arguments, options)
    return sh:run(("%s/sim test%s %s"):format(quote(sh.root), store, arguments), options)
  end

  -- Runs with --json and returns the results.
  local function results(arguments, options)
    local ran = sim("--json " .. arguments, options)
    assert.equal("", ran.err)
    return assert(json.decode(ran.out, true)), ran
  end

  for arguments, workload in pairs {
    ["./node challenges/echo_1.lua"] = "echo",
    ["./node challenges/unique_ids_2.lua"] = "unique-ids",
    ["./node challenges/unique_ids_2.lua counter"] = "unique-ids",
    ["./node challenges/unique_ids_2.lua uuid7"] = "unique-ids",
    ["./node challenges/broadcast_3a.lua"] = "broadcast",
    ["./node challenges/broadcast_3b.lua"] = "broadcast",
    ["./node challenges/broadcast_3c.lua"] = "broadcast",
    ["./node challenges/broadcast_3d.lua"] = "broadcast",
    ["./node challenges/broadcast_3e.lua"] = "broadcast",
  } do
    local single = arguments:find("3a", 1, true) and " --node-count 1" or ""
    local options = " --time-limit 3 --rate 50 --latency 10" .. single

    it("finds valid: " .. arguments, function()
      local ran = sim("--bin '" .. arguments .. "' -w " .. workload .. options)
      assert.equal("", ran.err)
      assert.equal(0, ran.status)
      assert.matches(" VALID ", ran.out, 1, true)
    end)

    it("infers the workload: " .. arguments, function()
      local inferred = sim("--json --bin '" .. arguments .. "'" .. options)
      local given = sim("--json --bin '" .. arguments .. "' -w " .. workload .. options)
      assert.equal(given.out, inferred.out)
      assert.equal(0, inferred.status)
    end)
  end

  local FAULTS = "--rate 20 --time-limit 20 --latency 50 --nemesis partition --nemesis-interval 3"

  it("finds broadcast valid under partitions", function()
    for _, script in ipairs { "3c", "3d", "3e" } do
      local found, ran = results("--bin challenges/broadcast_" .. script .. ".lua " .. FAULTS)
      assert.equal(0, ran.status)
      assert.equal(0, found.workload["lost-count"])
    end
  end)

  it("loses values under partitions where nothing is repeated", function()
    local found, ran =
      results("--bin './node challenges/broadcast_3b.lua' --topology line " .. FAULTS)
    assert.equal(1, ran.status)
    assert.is_true(found.workload["lost-count"] > 0)
  end)

  describe("takes the program", function()
    local expected = results("--bin './node challenges/echo_1.lua' --time-limit 2")

    for name, form in pairs {
      ["as ./node with --"] = "--bin ./node --time-limit 2 -- challenges/echo_1.lua",
      ["as the script"] = "--bin challenges/echo_1.lua --time-limit 2",
      ["as =text"] = "--bin='./node challenges/echo_1.lua' --time-limit=2",
      ["by its whole path"] = "--bin '" .. sh.root .. "/node challenges/echo_1.lua' --time-limit 2",
      ["by the script's whole path"] = "--time-limit 2 --bin "
        .. quote("./node '" .. sh.root .. "/challenges/echo_1.lua'"),
    } do
      it(name, function()
        assert.same(expected, (results(form)))
      end)
    end

    it("from another folder", function()
      assert.same(expected, (results("--bin './node challenges/echo_1.lua' --time-limit 2",
        { cwd = sh.folder })))
    end)

    it("with arguments in the command or behind --", function()
      local function first_id(arguments)
        results(arguments .. " --time-limit 1")
        return json.decode(sh:read("store/latest/history.jsonl"):match("[^\n]+")).result
      end
      assert.equal("integer", math.type(first_id("--bin './node challenges/unique_ids_2.lua'")))
      assert.matches("^n%d%-", first_id("--bin './node challenges/unique_ids_2.lua counter'"))
      local behind = sim("--bin './node challenges/unique_ids_2.lua' --time-limit 1 -- counter")
      assert.equal(0, behind.status)
      assert.matches('"result":"n%d%-', sh:read("store/latest/history.jsonl"))
    end)

    it("with quotes around a path with spaces", function()
      os.execute(("mkdir -p %s && cp challenges/echo_1.lua %s"):format(quote(sh:path("a b")),
        quote(sh:path("a b/echo.lua"))))
      assert.same(expected, (results("--bin './node \"a b/echo.lua\"' --time-limit 2",
        { cwd = sh.folder })))
    end)
  end)

  it("prints with --json one object, that of results.json, and nothing else", function()
    local ran = sim("--json --bin './node challenges/broadcast_3d.lua' --time-limit 2")
    assert.equal("", ran.err)
    assert.equal("{\n", ran.out:sub(1, 2))
    assert.equal("\n}\n", ran.out:sub(-3))
    assert.equal(sh:read("store/latest/results.json"), ran.out)
    assert(json.decode(ran.out, true))
    assert.is_table(require("cjson").decode(ran.out))
  end)

  it("has Maelstrom's keys in its results", function()
    local found = results("--bin './node challenges/broadcast_3e.lua' --node-count 25 --rate 100 "
      .. "--time-limit 10 --latency 100 --seed 7")
    assert.is_true(found["valid?"])
    for _, kind in ipairs { "servers", "clients", "all" } do
      local counts = found.net[kind]
      for _, key in ipairs { "send-count", "recv-count", "msg-count" } do
        assert.equal("integer", math.type(counts[key]))
      end
      assert.near(counts["msg-count"] / found.stats.count, counts["msgs-per-op"], 1e-9)
    end
    assert.equal(found.net.all["msg-count"],
      found.net.servers["msg-count"] + found.net.clients["msg-count"])
    assert.is_true(found.net.servers["msgs-per-op"] > 0)
    assert.is_true(found.net.servers["msgs-per-op"] < 0.45)
    assert.equal(1, found.availability["ok-fraction"])
    local stable = found.workload["stable-latencies"]
    for _, point in ipairs { "0", "0.5", "0.95", "0.99", "1" } do
      assert.is_number(stable[point])
    end
    assert.is_true(stable["0.5"] <= stable["1"] and stable["1"] < 2000)
    assert.equal(7, found.seed)
    assert.matches("^%x+$", found.fingerprint)
  end)

  describe("exits with", function()
    for arguments, case in pairs {
      ["--bin './node challenges/echo_1.lua' --time-limit 1"] = { 0, "" },
      ["-w echo --bin './node challenges/unique_ids_2.lua' --time-limit 1"] = { 1, "" },
      ["--bin './node challenges/echo_1.lua' --time-limit 1 --rate 0"] = { 2, "" },
      [""] = { 254,
        "what to run is missing: expected a script, as in ./sim test challenges/echo_1.lua" },
      ["challenges"] = { 254, 'unexpected word "challenges"; expected a Lua script, such as ' },
      ["--bin challenges"] = { 254, "--bin challenges: that is a folder; expected a program or " },
      ["challenges/brodcast_3c.lua"] = { 254,
        "no such script: challenges/brodcast_3c.lua; did you mean challenges/broadcast_3c.lua?" },
      ["challenges/echo_1.lua --time-limit 1"] = { 0, "" },
      ["--bin './node challenges/echo_1.lua' --bogus"] = { 254,
        "unknown option --bogus; ./sim test --help lists them all" },
      ["--bin './node challenges/echo_1.lua' --lateny 5"] = { 254,
        "unknown option --lateny; did you mean --latency?" },
      ["--bin './node challenges/echo_1.lua' --rate x"] = { 254,
        "--rate x: expected a number from 0 to 1000000" },
      ["--bin './node challenges/echo_1.lua' -w ecko"] = { 254,
        "--workload ecko: did you mean echo? expected one of " },
      ["--bin './node'"] = { 254,
        '--bin names no script: expected --bin "./node challenges/echo_1.lua"' },
      ["--bin ./other"] = { 254,
        "--bin ./other: there is no such program" },
      ["--bin './node nosuch.lua'"] = { 254,
        "no such script: nosuch.lua (looked here, and in " .. sh.root .. ")" },
      ["--bin './node challenges/unique_ids_2.lua uuid9'"] = { 255,
        "challenges/unique_ids_2.lua:" },
    } do
      it(case[1] .. ": " .. arguments, function()
        local ran = sim(arguments)
        assert.equal(case[1], ran.status)
        local complaint = case[2] == "" and "" or "sim: " .. case[2] -- or how it begins
        assert.equal(complaint, ran.err:sub(1, #complaint))
        assert.equal(case[2] == "" and 0 or 1, #shell.lines(ran.err))
        assert.equal(case[1] >= 254, ran.out == "")
      end)
    end

    it("254 when there is no such command", function()
      local ran = sh:run("./sim bogus")
      assert.equal(254, ran.status)
      assert.equal("", ran.out)
      assert.matches('^sim: unknown command "bogus"; expected [^\n]*\n$', ran.err)
      assert.equal('sim: unknown command "tset"; did you mean test?\n', sh:run("./sim tset").err)
      assert.equal('sim: "challenges/echo_1.lua" is no command; to run a script: ./sim test '
        .. "challenges/echo_1.lua\n", sh:run("./sim challenges/echo_1.lua").err)
      assert.equal("sim: expected a command before --rate, as in ./sim test --rate\n",
        sh:run("./sim --rate 5").err)
      ran = sh:run("./sim")
      assert.equal(254, ran.status)
      assert.equal("", ran.out)
      assert.matches("^Usage: ./sim ", ran.err)
    end)

    it("255 when the results cannot be stored", function()
      local ran = sh:run("./sim test --bin './node challenges/echo_1.lua' --time-limit 1 "
        .. "--store /dev/null/x")
      assert.equal(255, ran.status)
      assert.equal("", ran.out)
      assert.matches("cannot write results", ran.err, 1, true)
    end)

    it("the worst status of several runs", function()
      local ran = sim("--bin './node challenges/echo_1.lua' --time-limit 1 --seed 5 --test-count 3")
      assert.equal(0, ran.status)
      local _, verdicts = ran.out:gsub(" VALID ", "")
      assert.equal(3, verdicts)
      assert.matches("seed 5\n.*seed 6\n.*seed 7\n", ran.out)
    end)
  end)

  it("explains itself", function()
    for command, expected in pairs { ["./sim --help"] = "^Usage: ./sim ",
      ["./sim test --help"] = "^Usage: ./sim test .*%-%-nemesis.*%-%-seed.*Exit status:" } do
      local ran = sh:run(command)
      assert.matches(expected, ran.out)
      assert.equal("", ran.err)
      assert.equal(0, ran.status)
    end
  end)

  describe("colours", function()
    local command = "./sim test --bin './node challenges/echo_1.lua' --time-limit 1" .. store
    -- script(1) gives a command a terminal.
    local has_terminal = sh:run("script -qec 'test -t 1' /dev/null").status == 0
    local in_terminal = "script -qec " .. quote(command) .. " /dev/null"

    it("nothing that goes into a pipe or a file", function()
      assert.not_matches("\27", sh:run(command).out)
      assert.not_matches("\27", sh:read("store/latest/screen.txt"))
    end)

    it("what goes to a terminal", function()
      if not has_terminal then
        pending("needs script(1)")
      end
      assert.matches("\27%[1;32m[^\27]* VALID", sh:run("unset NO_COLOR; " .. in_terminal).out)
      assert.not_matches("\27", sh:read("store/latest/screen.txt"))
    end)

    it("nothing where NO_COLOR is set", function()
      if not has_terminal then
        pending("needs script(1)")
      end
      local ran = sh:run("NO_COLOR=1; export NO_COLOR; " .. in_terminal)
      assert.matches(" VALID", ran.out)
      assert.not_matches("\27", ran.out)
    end)

    it("nothing in JSON", function()
      if not has_terminal then
        pending("needs script(1)")
      end
      local ran = sh:run("unset NO_COLOR; " .. in_terminal:gsub("sim test", "%0 --json"))
      assert.matches('"valid?": true', ran.out, 1, true)
      assert.not_matches("\27", ran.out)
    end)
  end)

  it("draws with ASCII where the locale has no UTF-8", function()
    local command = "./sim test --bin './node challenges/echo_1.lua' --time-limit 1" .. store
    assert.not_matches("[\128-\255]", sh:run("LC_ALL=C " .. command).out)
    assert.matches("✔ VALID", sh:run("LC_ALL=C.UTF-8 " .. command).out, 1, true)
  end)
end)
