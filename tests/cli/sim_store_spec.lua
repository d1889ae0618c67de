-- What ./sim test leaves on disk, and that the same seed leaves the same.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

describe("./sim test stores", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  -- Runs into a store of its own; returns what ran and how its store's files are read.
  local function run(name, arguments)
    local ran = sh:run(("./sim test --store %s %s"):format(quote(sh:path(name)), arguments))
    return ran, function(file)
      return sh:read(name .. "/latest/" .. file)
    end
  end

  -- The values on the lines of a text.
  local function decode_lines(text)
    local values = {}
    for i, line in ipairs(shell.lines(text)) do
      values[i] = assert(json.decode(line, true), line)
    end
    return values
  end

  local BROADCAST = "--bin './node challenges/broadcast_3d.lua' --node-count 3 --rate 20 "
    .. "--time-limit 3 --latency 20"

  it("a folder for each run, and a link to the last", function()
    run("layout", "--bin ./node --time-limit 1 -- challenges/echo_1.lua")
    run("layout", BROADCAST)
    local ran = run("layout", BROADCAST)
    local found = sh:run("cd layout && ls && ls echo | wc -l && ls broadcast | wc -l && ls -R "
      .. "latest/ && readlink latest", { cwd = sh.folder })
    assert.equal("", found.err)
    local time = "%d%d%d%d%d%d%d%dT%d%d%d%d%d%d%-?%d*"
    assert.matches("^broadcast\necho\nlatest\n *1\n *2\nlatest/:\nhistory.jsonl\nmessages.jsonl\n"
      .. "node%-logs\nreport.html\nresults.json\nrun.json\nscreen.txt\n"
      .. "\nlatest/node%-logs:\nn0.log\nn1.log\nn2.log\n"
      .. "broadcast/" .. time .. "\n$", found.out)
    local latest = sh:run("cd layout/latest && pwd -P", { cwd = sh.folder }).out
    local folder = ran.out:match(" Results +(%S+)")
    assert.equal(latest:match("[^/\n]*/[^/\n]*\n$"), folder:match("[^/]*/[^/]*$") .. "\n")
  end)

  it("below ./store unless it is told otherwise", function()
    os.execute("mkdir " .. quote(sh:path("cwd")))
    local ran = sh:run(quote(sh.root .. "/sim")
      .. " test --time-limit 1 --bin challenges/echo_1.lua", { cwd = sh:path("cwd") })
    assert.equal(0, ran.status)
    assert.is_string(sh:read("cwd/store/latest/results.json"))
  end)

  it("into a folder with an odd name", function()
    local ran, read = run("it's odd; $HOME", "--time-limit 1 --bin challenges/echo_1.lua")
    assert.equal("", ran.err)
    assert.equal(0, ran.status)
    assert.is_string(read("results.json"))
  end)

  it("what the screen showed", function()
    local ran, read = run("screen", BROADCAST)
    local shown = sh:run("LC_ALL=C.UTF-8 ./sim test --store " .. quote(sh:path("other")) .. " "
      .. BROADCAST).out
    local function without_paths(text)
      return (text:gsub(" Results .*\n Run it", " Run it"):gsub("%-%-store [^\n]*\n", ""))
    end
    assert.equal(without_paths(shown), without_paths(read("screen.txt")))
    assert.equal("", ran.err)
  end)

  it("every operation, as it was judged", function()
    local _, read = run("history", BROADCAST)
    local results = assert(json.decode(read("results.json"), true))
    local history = decode_lines(read("history.jsonl"))
    assert.equal(results.stats.count, #history)
    local last = 0
    for _, op in ipairs(history) do
      assert.equal("ok", op.outcome)
      assert.is_true(op.f == "read" or op.f == "broadcast")
      assert.is_true(op.invoke_us >= last and op.complete_us >= op.invoke_us)
      assert.equal("n" .. op.worker % 3, op.node)
      last = op.invoke_us
    end
    assert.is_true(history[#history].final)
    assert.equal(results.workload["attempt-count"], #history[#history].result)
  end)

  it("every message, sent and received", function()
    local _, read = run("journal", BROADCAST)
    local results = assert(json.decode(read("results.json"), true))
    local sent, received, servers, times = 0, 0, 0, {}
    for _, entry in ipairs(decode_lines(read("messages.jsonl"))) do
      local message = entry.message
      assert.is_string(message.src)
      assert.is_string(message.body.type)
      if entry.event == "send" then
        sent = sent + 1
        times[entry.id] = entry.time
        if message.src:find("^n") and message.dest:find("^n") then
          servers = servers + 1
        end
      else
        received = received + 1
        local is_client = message.src:find("^c") or message.dest:find("^c")
        local latency = entry.time - times[entry.id]
        assert.is_true(latency >= (is_client and 0 or 20000), json.encode(entry))
      end
    end
    assert.equal(results.net.all["send-count"], sent)
    assert.equal(results.net.all["recv-count"], received)
    assert.equal(results.net.servers["msg-count"], servers)
  end)

  it("what each node wrote to stderr", function()
    local script = sh:write("talks.lua", [[
      local node = require "hearsay"
      print("loaded")
      node.on("echo", function(msg)
        node.log("echo for %s", msg.src)
        if msg.body.echo:find("[13579]$") then error("odd") end
        return { type = "echo_ok", echo = msg.body.echo }
      end)
    ]])
    local command = "--time-limit 20 --bin " .. script
    local ran, read = run("logs", command)
    assert.equal(1, ran.status)
    assert.equal("", ran.err)
    local all = ""
    for i = 1, 5 do
      local log = read("node-logs/n" .. i .. ".log")
      assert.matches("^ *0%.000 node loaded\n", log)
      assert.matches("\n *%d+%.%d%d%d n" .. i .. " echo for c%d+\n", log)
      assert.matches("talks.lua:5: odd\nstack traceback:\n", log, 1, true)
      all = all .. log
    end
    assert.equal(all, run("logs", command .. " --log-stderr").err)
  end)

  it("nothing when the script does not load", function()
    local ran, read = run("none", "--bin " .. sh:write("bad.lua", "error 'no'"))
    assert.equal(255, ran.status)
    assert.is_nil(read("results.json"))
    assert.is_nil(os.rename(sh:path("none"), sh:path("none")))
  end)

  it("shows messages as they are sent and received when it is asked to", function()
    local ran, read = run("shown", BROADCAST .. " --log-net-send --log-net-recv")
    assert.equal(read("messages.jsonl"), ran.err)
    local sends = run("shown", BROADCAST .. " --log-net-send").err
    assert.is_true(#sends > 0 and #sends < #ran.err)
    assert.not_matches('"event":"recv"', sends)
    assert.equal(#shell.lines(ran.err),
      #shell.lines(sends) + #shell.lines(run("shown", BROADCAST .. " --log-net-recv").err))
  end)

  describe("the same for the same seed,", function()
    local FAULTS = "--nemesis partition --nemesis-interval 2"
    local FILES = { "results.json", "history.jsonl", "messages.jsonl", "node-logs/n1.log" }

    for name, arguments in pairs {
      echo = "--bin './node challenges/echo_1.lua' --time-limit 5",
      ["unique ids"] = "--bin './node challenges/unique_ids_2.lua' --time-limit 3 --rate 50",
      ["ids with randomness"] = "--bin './node challenges/unique_ids_2.lua uuid7' --time-limit 3",
      ["broadcast with faults"] = "--bin './node challenges/broadcast_3c.lua' --time-limit 10 "
        .. "--rate 20 --latency 30 --latency-dist exponential " .. FAULTS,
      ["hub rounds with faults"] = "--bin './node challenges/broadcast_3d.lua' --time-limit 10 "
        .. "--rate 20 --latency 30 --latency-dist uniform " .. FAULTS,
    } do
      it(name, function()
        local ran, first = run("first", arguments .. " --seed 11")
        local _, second = run("second", arguments .. " --seed 11")
        local _, other = run("other", arguments .. " --seed 12")
        assert.equal("", ran.err)
        for _, file in ipairs(FILES) do
          assert.is_string(first(file))
          assert.is_true(first(file) == second(file), file)
        end
        local fingerprint = first("results.json"):match('"fingerprint": "(%x+)"')
        assert.not_equal(fingerprint, other("results.json"):match('"fingerprint": "(%x+)"'))
        assert.matches(" Fingerprint +" .. fingerprint .. "\n", ran.out)
      end)
    end

    it("given by the command that it prints", function()
      local ran, first = run("printed", "--seed 5 --node-count 3 --rate 20 --time-limit 3 "
        .. "--bin './node challenges/broadcast_3d.lua' --latency 20 --topology line")
      local command = ran.out:match("\n Run it again\n(.*)"):gsub("\\\n", "")
      local before = first("history.jsonl")
      assert.equal(0, sh:run("rm -r printed", { cwd = sh.folder }).status)
      local again = sh:run(command)
      assert.equal(0, again.status)
      assert.equal(before, first("history.jsonl"))
    end)
  end)

  it("as seed 1 when none is given", function()
    local _, read = run("default", "--bin challenges/echo_1.lua --time-limit 1")
    local without = read("results.json")
    run("default", "--bin challenges/echo_1.lua --time-limit 1 --seed 1")
    assert.equal(without, read("results.json"))
  end)
end)
