-- Nodes that are processes, in real time. Each run lasts as long as it says, so all of them run at
-- once and the specs look at what they left.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")
local sorted = require "hearsay.sorted"

local OPTIONS = "-w broadcast --node-count 5 --rate 20 --time-limit 4 --latency 20 "

-- Name, what to run, and its options.
local runs = {
  ours = OPTIONS .. '--real-time --bin "./node challenges/broadcast_3d.lua"',
  python = OPTIONS .. '--nemesis partition --nemesis-interval 1 '
    .. '--bin "python3 tests/sim/real/broadcast.py"',
  forgetful = OPTIONS .. '--nemesis partition --nemesis-interval 1 '
    .. '--bin "python3 tests/sim/real/broadcast.py forgetful"',
  killed = OPTIONS .. '--real-time --nemesis kill,pause --nemesis-interval 1 '
    .. '--bin "./node challenges/echo_1.lua" -w echo',
  junk = OPTIONS .. [[--bin "sh -c 'echo oh no >&2; echo junk; sleep 60'"]],
  dead = OPTIONS .. [[--bin "sh -c 'echo oh no >&2; exit 3'"]],
  silent = OPTIONS .. [[--bin "sleep 61"]],
  missing = OPTIONS .. "--bin no-such-program-anywhere",
}

local function has_python()
  return os.execute("python3 -c 1 2>/dev/null") == true
end

describe("nodes that are processes", function()
  local sh = shell.open()
  local ran, left = {}, nil

  setup(function()
    local commands, names = {}, sorted.keys(runs)
    for _, name in ipairs(names) do
      commands[#commands + 1] = ("{ ./sim test %s --json --store %s >%s 2>%s; echo $? >%s; } &")
        :format(runs[name], sh:path("store-" .. name), sh:path(name .. ".json"),
          sh:path(name .. ".err"), sh:path(name .. ".status"))
    end
    -- One more, which is interrupted.
    commands[#commands + 1] = ("./sim test %s --json --store %s >%s 2>&1 & p=$!; sleep 2; "
      .. "kill -INT $p; wait $p; echo $? >%s; wait"):format(runs.ours:gsub("limit 4", "limit 62"),
      sh:path("store-interrupted"), sh:path("interrupted.json"), sh:path("interrupted.status"))
    -- All that is started has a variable of this spec's own, by which it is found if it stays.
    local mark = "HEARSAY_SPEC=" .. sh:path("processes")
    sh:run("export " .. mark .. "\n" .. table.concat(commands, "\n"))
    left = sh:run(("grep -lsz '^%s$' /proc/[0-9]*/environ"):format(mark)).out
    names[#names + 1] = "interrupted"
    for _, name in ipairs(names) do
      ran[name] = { status = tonumber(sh:read(name .. ".status")),
        results = json.decode(sh:read(name .. ".json")) }
    end
  end)

  teardown(function() sh:close() end)

  local function problem(name)
    return ran[name].results.exceptions.exceptions[1].text
  end

  it("may be ours, and are judged as in virtual time", function()
    assert.equal(0, ran.ours.status)
    assert.is_true(ran.ours.results["valid?"])
    assert.is_true(ran.ours.results.workload["stable-count"] > 20)
  end)

  it("have no fingerprint, since no run repeats itself", function()
    assert.is_nil(ran.ours.results.fingerprint)
    assert.not_matches("Fingerprint", sh:read("store-ours/latest/screen.txt"))
    assert.is_nil(ran.interrupted.results.fingerprint)
  end)

  it("may be in Python, and right", function()
    if not has_python() then
      return pending("there is no python3")
    end
    assert.equal(0, ran.python.status)
    assert.is_true(ran.python.results["valid?"])
  end)

  it("may be in Python, and lose what falls into a partition", function()
    if not has_python() then
      return pending("there is no python3")
    end
    assert.equal(1, ran.forgetful.status)
    assert.is_true(ran.forgetful.results.workload["lost-count"] > 0)
  end)

  it("are killed, started again, stopped and let go on", function()
    local by_f = ran.killed.results.stats["by-f"].echo
    assert.is_true(by_f["ok-count"] > 0)
    assert.same({}, ran.killed.results.exceptions.exceptions)
  end)

  it("that write what is no message are told with the line", function()
    assert.equal(1, ran.junk.status)
    assert.matches("^n%d wrote a line that is no message: byte 0: .*: junk$", problem("junk"))
  end)

  it("that die are told with how, and their last words", function()
    assert.equal(1, ran.dead.status)
    assert.matches("^n%d exited with status 3; the end of its stderr: oh no", problem("dead"))
  end)

  it("that never answer init are told", function()
    assert.equal(1, ran.silent.status)
    assert.matches('n%d did not answer "init"', problem("silent"))
  end)

  it("that are no program are told", function()
    assert.equal(255, ran.missing.status)
    assert.equal("sim: no-such-program-anywhere could not be started: No such file or directory\n",
      sh:read("missing.err"))
  end)

  it("end when the bench is interrupted, which writes what it has", function()
    assert.equal(2, ran.interrupted.status)
    assert.is_true(ran.interrupted.results.interrupted)
    assert.equal("unknown", ran.interrupted.results["valid?"])
    assert.is_string(sh:read("store-interrupted/latest/history.jsonl"))
  end)

  it("are all gone afterwards", function()
    assert.equal("", left)
  end)
end)
