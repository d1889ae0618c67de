-- Where a node's values lie in memory is the same in every run of a seed: what a script can see of
-- it in texts and in the order of pairs(), and what follows for the collector.
-- tests/sim/addresses.lua shows all of it in its answers. make twice has it too, with another
-- compiler.

local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

local SCRIPT = "tests/sim/addresses.lua"
local OPTIONS = "-w echo --bin " .. SCRIPT .. " --node-count 3 "

-- With these sanitizers all memory is malloc's: see core/base/arena.h.
local san = os.getenv("SAN") or ""
local spec = (san:find("address") or san:find("thread")) and pending or it

describe("the addresses of a node's values", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  -- The fingerprint, and all messages, of a run in a process of its own.
  local function run(seed, around, sim)
    local store = sh:path("store")
    local ran = sh:run(("%s %s test %s --time-limit 2 --seed %d --json --store %s"):format(
      around or "", sim or "./sim", OPTIONS, seed, store))
    assert.equal(0, ran.status, ran.err)
    local file = assert(io.open(store .. "/latest/messages.jsonl"))
    local messages = file:read("a")
    file:close()
    return assert(json.decode(ran.out)).fingerprint, messages, ran.err
  end

  -- That the run is the same as an ordinary one, to the last byte.
  local function assert_same(...)
    local fingerprint, messages = run(1)
    local again, messages_again = run(1, ...)
    assert.equal(messages, messages_again)
    assert.equal(fingerprint, again)
  end

  spec("are the same in other processes", function()
    local fingerprint, messages = run(1)
    assert.matches('"table: 0x%x+ table: 0x%x+ 0x%x+"', messages)
    assert_same()
    assert_same("LONGER=" .. ("x"):rep(3000))
    assert.not_equal(fingerprint, (run(2)))
  end)

  spec("are the same where other paths lead to Lua files", function()
    assert_same("LUA_PATH_5_4='/a/folder/that/is/not/there/?.lua;;' LUA_PATH=x")
  end)

  spec("are the same where the program is somewhere else", function()
    local place = sh:path("a place whose name is rather long, and longer than that of the other")
    sh:run(("mkdir -p %s/bin %s/share/hearsay && cp sim %s/bin"):format(shell.quote(place),
      shell.quote(place), shell.quote(place)))
    sh:run(("ln -s %s/lua %s/share/hearsay/lua"):format(shell.quote(sh.root), shell.quote(place)))
    assert_same(nil, shell.quote(place .. "/bin/sim"))
  end)

  spec("are the same after other runs in the same process", function()
    local options = "-w echo --node-count 3 --time-limit 2 --nemesis kill --nemesis-interval 0.5 "
    local first = bench.run(SCRIPT, options .. "--seed 1").results.fingerprint
    bench.run("challenges/broadcast_3b.lua", "--time-limit 1 --node-count 7")
    assert.equal(first, bench.run(SCRIPT, options .. "--seed 1").results.fingerprint)
    assert.not_equal(first, bench.run(SCRIPT, options .. "--seed 2").results.fingerprint)
  end)

  spec("are the same on one, two and three threads", function()
    local command = "./sim explore " .. OPTIONS .. "--time-limit 1 --seeds 12 --threads %d"
    local one = sh:run(command:format(1))
    assert.matches("12 seeds: .*fingerprint %x+", one.out)
    assert.equal(one.out, sh:run(command:format(2)).out)
    assert.equal(one.out, sh:run(command:format(3)).out)
  end)

  -- The limit is far above what the run needs, and below what the nodes' address space takes.
  spec("may differ, and it is said, where the address space is limited", function()
    local _, messages, err = run(1, "ulimit -v 3000000;")
    assert.matches("address space had no room", err, 1, true)
    assert.matches('"table: 0x%x%x%x%x%x%x%x%x%x+ ', messages)
    _, _, err = run(1)
    assert.equal("", err)
  end)
end)
