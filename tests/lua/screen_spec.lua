-- sim.screen: what a run prints.

local echo = require "sim.checkers.echo"
local format = require "sim.format"
local history = dofile("tests/lua/history.lua")
local options = require "sim.options"
local results = require "sim.results"
local screen = require "sim.screen"
local set_full = require "sim.checkers.set_full"
local unique_ids = require "sim.checkers.unique_ids"

-- Renders a run of some operations, as ./sim would.
local function render(ops, changes, style)
  changes = changes or {}
  local args = changes.args or { "-w", "broadcast", "--bin", "./node challenges/broadcast_3e.lua",
    "--node-count", "25", "--rate", "100", "--time-limit", "20", "--latency", "100", "--seed", "7" }
  local opts = assert(options.parse(args))
  local function counts(n)
    return { ["send-count"] = n, ["recv-count"] = n - 1, ["msg-count"] = n }
  end
  local built, details = results.build({
    history = ops, opts = opts, checker = changes.checker or set_full.check,
    net = { all = counts(5234), clients = counts(4000), servers = changes.servers or counts(1234) },
    problems = changes.problems, seed = opts.seed, fingerprint = "9f86d081884c7d65",
  })
  return screen.render(built, {
    opts = opts, workload = changes.workload or "broadcast",
    script = "./node challenges/broadcast_3e.lua", details = details,
    crash = changes.crash, faults = changes.faults, duration_us = changes.duration_us or 30000000,
    store = "store/broadcast/1",
    command = options.command(opts),
  }, style)
end

-- Everything on one line, one space wide, to look for sentences that may be broken anywhere.
local function flat(text)
  return (text:gsub("%s+", " "))
end

local function has(text, expected)
  assert.matches(expected, flat(text), 1, true)
end

-- Values that are everywhere after 0 to 1,700 ms.
local function good_run()
  local h = history.new()
  for v = 0, 34 do
    h:did(v, "n1", "broadcast", v)
  end
  for t = 0, 34 do
    local shown = {}
    for v = 0, t - 1 do
      shown[#shown + 1] = v
    end
    h:did(50 * t + 50, "n2", "read", nil, shown)
  end
  local all = {}
  for v = 0, 34 do
    all[v + 1] = v
  end
  h:did(29000, "n2", "read", nil, all)
  return h.ops
end

describe("the screen", function()
  it("keeps within a terminal that is narrower than 80 columns, and uses no more", function()
    local changes = { faults = { { from_us = 0, to_us = 9000000,
      text = "a fault that takes many words to tell of, and then some more" } } }
    local plain = render(good_run(), changes)
    assert.equal(plain, render(good_run(), changes, { width = 80 }))
    assert.equal(plain, render(good_run(), changes, { width = 200 }))
    for width = 60, 79 do
      local text = render(good_run(), changes, { width = width })
      for line in text:gmatch("[^\n]+") do
        assert.is_true(format.columns(line) <= width, line)
      end
      assert.equal(width >= 70, text:find(" 99%%") ~= nil and text:find(" most") ~= nil)
    end
    assert.equal(render(good_run(), changes, { width = 60 }),
      render(good_run(), changes, { width = 20 }))
  end)

  it("shows a valid run", function()
    assert.equal([[

 broadcast  ./node challenges/broadcast_3e.lua                           seed 7
 25 nodes · grid · 100 operations/s for 20 s · latency 100 ms constant
 ──────────────────────────────────────────────────────────────────────────────

 ✔ VALID            35 values reached every reader: none lost, none twice

 Messages               per op      sent  received
 between servers          17.4     1,234     1,233
 with clients             56.3     4,000     3,999
 all                      73.7     5,234     5,233

 Milliseconds            least    median       95%       99%      most      mean
 stable everywhere          49       882     1,666     1,715     1,715
 broadcast answered          1         1         1         1         1         1
 read answered               1         1         1         1         1         1

 Stable latency     ███████████████████████████████████
                    ███████████████████████████████████
                    ███████████████████████████████████
 milliseconds       0       400      850      1,300    1,750

 Availability       1.0000 · 71 of 71 operations ok
 Fingerprint        9f86d081884c7d65
 Results            store/broadcast/1
 Report             ./sim report store/broadcast/1
 Run it again
   ./sim test -w broadcast --bin "./node challenges/broadcast_3e.lua" \
     --node-count 25 --rate 100 --time-limit 20 --latency 100 --seed 7
]], render(good_run()))
  end)

  it("says what was lost, in words", function()
    local h = history.new()
    h:did(10, "n1", "broadcast", 1)
    h:did(20, "n2", "broadcast", 2)
    h:did(30, "n3", "broadcast", 3)
    h:did(100, "n4", "read", nil, { 1, 2 })
    h:did(200, "n5", "read", nil, { 1 })
    local text = render(h.ops)
    has(text, "✘ INVALID 2 values lost")
    has(text, "value 2: n2 acknowledged it at 0.021 s; n4 still showed it at 0.100 s; the read at "
      .. "n5 that began at 0.200 s misses it.")
    has(text, "value 3: n3 acknowledged it at 0.031 s; no read ever showed it; the read at n5")
    assert.not_matches("value 1:", text)
  end)

  it("names all that was lost when that is much, but describes few", function()
    local h = history.new()
    for v = 1, 100 do
      h:did(v, "n1", "broadcast", v)
    end
    h:did(200, "n2", "read", nil, {})
    local text = render(h.ops)
    has(text, "100 values lost")
    has(text, "value 4: n1")
    assert.not_matches("value 5: ", text)
    has(text, "All of them: 1, 2, 3, 4, 5,")
    has(text, "59, 60, ..")
    assert.not_matches(" 61", text)
  end)

  it("says what was twice, and what nobody sent", function()
    local h = history.new()
    h:did(10, "n1", "broadcast", 1)
    h:did(20, "n2", "read", nil, { 1, 1, 99 })
    local text = render(h.ops)
    has(text, "INVALID 1 value twice in one read")
    has(text, "value 1: 2 times in the read at n2 at 0.021 s.")
    has(text, "1 value was read that nobody sent: 99.")
  end)

  it("says what else is wrong", function()
    local h = history.new()
    h:did(10, "n1", "broadcast", 1)
    h:did(20, "n1", "read", nil, { 1 })
    h:fail(h:invoke(30, "n1", "cas"), 31)
    h:fail(h:invoke(32, "n1", "cas"), 33, "abort")
    local text = render(h.ops, {
      args = { "--bin", "x", "--availability", "0.9" },
      problems = { { node = "n3", time_us = 1250000, text = "not JSON: \27[31moops" } },
    })
    has(text, "INVALID 1 problem in the nodes, no cas succeeded, availability 0.5000 where 0.9 was "
      .. "asked")
    has(text, "Nodes n3 at 1.250 s: not JSON: ?[31moops")
    has(text, "Errors abort 1 · temporarily_unavailable 1")
    has(text, "0.5000 · 2 of 4 operations ok")
  end)

  it("says why a run is unknown", function()
    has(render({}), "? UNKNOWN too little to judge: no value was both acknowledged and read")
    local text = render(good_run(), { checker = function() error("lost my way") end })
    assert.matches("UNKNOWN the workload's checker failed: .*screen_spec.lua:%d+: lost my way",
      flat(text))
  end)

  it("shows what the first crash said", function()
    local text = render(good_run(), { crash = "n3: mine.lua:7: attempt to call a nil value" })
    has(text, "First crash n3: mine.lua:7: attempt to call a nil value")
    assert.not_matches("First crash", render(good_run(), {}))
  end)

  it("shows when there were faults", function()
    local text = render(good_run(), {
      args = { "--bin", "x", "--nemesis", "partition", "--nemesis-interval", "5" },
      faults = {
        { from_us = 0, to_us = 6000000, text = "one node alone: n3" },
        { from_us = 15000000, to_us = 30000000, text = "minority third: n1 n2 | the rest" },
      },
    })
    has(text, "partition every 5 s")
    has(text, "Faults " .. ("█"):rep(10) .. ("·"):rep(13) .. ("█"):rep(24) .. " 30 s")
    assert.matches("\n" .. (" "):rep(20) .. "0.0–6.0 s      one node alone: n3\n", text, 1, true)
    assert.matches("\n" .. (" "):rep(20) .. "15.0–30.0 s    minority third: n1 n2 | the rest\n",
      text, 1, true)
  end)

  it("shows a fault in a run that ended before it began", function()
    local faults = { { from_us = 0, to_us = 0, text = "one node alone: n3" } }
    has(render({}, { faults = faults, duration_us = 0 }), "0.0–0.0 s one node alone: n3")
  end)

  it("lists six fault windows", function()
    local faults = {}
    for i = 1, 9 do
      faults[i] = { from_us = i * 1000000, to_us = i * 1000000 + 1, text = "fault " .. i }
    end
    local text = render(good_run(), { faults = faults })
    has(text, "fault 6 and 3 more")
    assert.not_matches("fault 7", text)
  end)

  it("judges unique ids", function()
    local h = history.new()
    h:did(10, "n1", "generate", nil, "a")
    h:did(20, "n2", "generate", nil, "b")
    local changes = { checker = unique_ids.check, workload = "unique-ids" }
    has(render(h.ops, changes), "✔ VALID 2 ids, all different")
    h:did(30, "n3", "generate", nil, "a")
    local text = render(h.ops, changes)
    has(text, "INVALID 1 id handed out more than once")
    has(text, '"a": 2 times, by n1 at 0.011 s, n3 at 0.031 s.')
    has(render({}, changes), "UNKNOWN too little to judge: no id was handed out")
    assert.not_matches("grid", text) -- only broadcast has a topology
  end)

  it("tells the longest line between nodes", function()
    assert.not_matches("Longest", render(good_run()))
    local servers = { ["send-count"] = 9, ["recv-count"] = 8, ["msg-count"] = 9,
      ["longest-line"] = { bytes = 70112, src = "n3", dest = "n0" } }
    has(render(good_run(), { servers = servers }), "Longest line 70,112 bytes, from n3 to n0")
  end)

  it("judges echoes", function()
    local h = history.new()
    h:did(10, "n1", "echo", "Please echo 1", "Please echo 1")
    local changes = { checker = echo.check, workload = "echo" }
    has(render(h.ops, changes), "✔ VALID every echo came back as it was sent")
    h:did(20, "n2", "echo", "Please echo 2", "Please echo 1")
    h:info(h:invoke(30, "n3", "echo", "Please echo 3"), 5030)
    local pending = h:invoke(40, "n4", "echo", "Please echo 4")
    local text = render(h.ops, changes)
    has(text, "INVALID 3 echoes wrong")
    has(text, 'n2 got "Please echo 2" at 0.020 s and replied "Please echo 1".')
    has(text, 'n3 got "Please echo 3" at 0.030 s and did not answer in time.')
    has(text, 'n4 got "Please echo 4" at 0.040 s and did not answer.')
    has(text, "also while a node is paused or killed: 2.")
    assert.is_nil(pending.outcome)
    has(render({}, changes), "UNKNOWN too little to judge: nothing was sent")
  end)

  it("draws how stable latencies are distributed", function()
    local h = history.new()
    -- Known at 1 ms, missed by the last read at 1 + latency: 48 of 0, 24 of 1, 1 of 2, 12 of 3 ms.
    local latencies = { [0] = 48, 24, 1, 12 }
    local elements = {}
    for latency = 0, 3 do
      for _ = 1, latencies[latency] do
        elements[#elements + 1] = latency
        h:did(0, "n1", "broadcast", #elements)
      end
    end
    for ms = 1, 4 do
      local shown = {}
      for element, latency in ipairs(elements) do
        if latency < ms then
          shown[#shown + 1] = element
        end
      end
      h:did(ms + 1, "n1", "read", nil, shown)
    end
    local text = render(h.ops)
    assert.matches("\n Stable latency     █\n" .. (" "):rep(20) .. "█▄\n" .. (" "):rep(20)
      .. "██▁▆\n milliseconds       0   4\n", text, 1, true)
  end)

  it("has no distribution where everything was everywhere at once", function()
    local h = history.new()
    h:did(10, "n1", "broadcast", 1)
    h:did(20, "n1", "read", nil, { 1 })
    assert.not_matches("Stable latency", render(h.ops))
  end)

  it("keeps to 80 columns", function()
    local h = history.new()
    for v = 1, 100 do
      h:did(v, "n1", "broadcast", ("value %d "):format(v):rep(9))
    end
    h:did(200, "n2", "read", nil, { 5, 5 })
    local faults = { { from_us = 0, to_us = 30000000, text = ("n1 n2 n3 "):rep(30) } }
    for _, style in ipairs({ {}, { ascii = true } }) do
      for line in render(h.ops, { faults = faults }, style):gmatch("[^\n]+") do
        assert(format.columns(line) <= 80, line)
      end
    end
  end)

  it("uses only ASCII when asked", function()
    local faults = { { from_us = 0, to_us = 15000000, text = "one node alone: n3" } }
    local text = render(good_run(), { faults = faults }, { ascii = true })
    assert.not_matches("[\128-\255]", text)
    has(text, "* VALID")
    has(text, "#######")
    assert.matches("[\128-\255]", render(good_run()))
  end)

  it("uses colours only when asked, and they change nothing else", function()
    local plain = render(good_run())
    local colored = render(good_run(), nil, { color = true })
    assert.not_matches("\27", plain)
    assert.matches("\27[1;32m✔ VALID", colored, 1, true)
    assert.equal(plain, (colored:gsub("\27%[[%d;]*m", "")))
    local h = history.new()
    h:did(10, "n1", "broadcast", 1)
    h:did(20, "n1", "read", nil, {})
    assert.matches("\27[1;31m✘ INVALID", render(h.ops, nil, { color = true }), 1, true)
    assert.matches("\27[1;33m? UNKNOWN", render({}, nil, { color = true }), 1, true)
  end)
end)

describe("format", function()
  it("writes numbers with as many digits as matter", function()
    local texts = {}
    for i, n in ipairs({ 0, 7, 999, 1000, 1234567, -1234.4, 99.5 }) do
      texts[i] = format.whole(n)
    end
    assert.same({ "0", "7", "999", "1,000", "1,234,567", "-1,234", "100" }, texts)
    for i, n in ipairs({ 0, 0.25, 1.25, 99.96, 832, 1700.4 }) do
      texts[i] = format.milliseconds(n)
    end
    assert.same({ "0", "0.25", "1.2", "100.0", "832", "1,700" }, table.move(texts, 1, 6, 1, {}))
    for i, n in ipairs({ 0, 0.0045, 0.336, 9.994, 24.04 }) do
      texts[i] = format.ratio(n)
    end
    assert.same({ "0.0", "0.0045", "0.34", "9.99", "24.0" }, table.move(texts, 1, 5, 1, {}))
    assert.same({ "1 value", "2,000 values", "0 echoes" }, { format.count(1, "value"),
      format.count(2000, "value"), format.count(0, "echo", "echoes") })
    assert.equal("1.250 s", format.seconds(1250000000))
  end)

  it("breaks lines at spaces", function()
    assert.same({ "one two", "three", "fourfourfour", "é é é é" },
      format.wrap("one two  three fourfourfour é é é é", 7))
    assert.same({}, format.wrap("  ", 7))
  end)

  it("cuts what is too long", function()
    assert.equal("éééé", format.cut("éééé", 4))
    assert.equal("éé..", format.cut("ééééé", 4))
    assert.equal("\255ab..", format.cut("\255abcdefgh", 5))
    assert.equal(40, #format.short(("x"):rep(100)))
  end)

  it("breaks a command before its options, outside of quotes", function()
    assert.same({ "./sim test \\", '  --bin "a -b -c -d" \\', "  --rate 5 -- x" },
      format.shell_lines('./sim test --bin "a -b -c -d" --rate 5 -- x', 22))
    assert.same({ "./sim" }, format.shell_lines("./sim", 3))
  end)
end)
