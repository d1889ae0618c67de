-- The page of a run: what is in its data, and that the text of a run stays text.

local check = require "sim.check"
local data = require "sim.report.data"
local history = dofile("tests/lua/history.lua")
local json = require "hearsay.json"
local options = require "sim.options"
local page = require "sim.report.page"
local report = require "sim.report"

-- A run of some operations, as stored.open returns it, with what checkers said.
local function stored_run(workload, ops, changes)
  changes = changes or {}
  local args = { "-w", workload, "--bin", "./node x.lua" }
  for word in (changes.options or ""):gmatch("%S+") do
    args[#args + 1] = word
  end
  local counts = { ["send-count"] = 6, ["recv-count"] = 5, ["msg-count"] = 6 }
  local run = {
    opts = assert(options.parse(args)), workload = workload, script = changes.script or "x.lua",
    faults = changes.faults or {}, duration_us = 9000000, history = ops,
    journal = changes.journal or "",
    results = { net = { all = counts, clients = counts, servers = counts },
      exceptions = { exceptions = changes.problems or {} }, seed = 3, ["start-us"] = 1000000 },
  }
  local details
  run.results, details = check.judge(run)
  run.details = details.workload
  return run
end

local function event(time_us, kind, id, src, dest, body)
  return ('{"time":%d,"event":"%s","id":%d,"message":{"src":"%s","dest":"%s","body":%s}}\n')
    :format(time_us, kind, id, src, dest, body)
end

-- One value that is lost at n2, and one that is everywhere after 19 ms.
local function lossy()
  local h = history.new()
  h:did(10, "n1", "broadcast", 7)
  h:did(20, "n1", "broadcast", 8)
  h:did(40, "n2", "read", nil, {})
  h:did(60, "n2", "read", nil, { 8 })
  h:did(100, "n2", "read", nil, { 8 })
  return h.ops
end

describe("the page", function()
  it("embeds JSON that cannot end its element, and HTML that is text", function()
    local text = '</script><!-- <b> & "'
    assert.is_nil(page.embed(json.encode({ text })):find("<", 1, true))
    assert.same({ text }, json.decode(page.embed(json.encode({ text }))))
    assert.equal("&lt;b&gt; &amp; &quot;", page.escape('<b> & "'))
  end)

  it("shows what a run says as text, wherever it comes from", function()
    local evil = '</script><script>alert(1)</script>'
    local h = history.new()
    h:did(1, "n1", "echo", evil, evil .. "!")
    local text = assert(report.render(stored_run("echo", h.ops, { script = evil,
      problems = { { node = evil, time = 0, text = evil } },
      journal = event(1000000, "send", 0, evil, "n1", ('{"type":"%s"}'):format(evil)) })))
    assert.is_nil(text:find("<script>alert", 1, true))
    local _, opened = text:gsub("<script", "")
    local _, closed = text:gsub("</script", "")
    assert.same({ 2, 2 }, { opened, closed })
  end)

  it("is one file that asks for nothing else", function()
    local text = assert(report.render(stored_run("broadcast", lossy())))
    assert.is_nil(text:find("<script[^>]* src"))
    assert.is_nil(text:find("<link[^>]* href=\"[^d]"))
    assert.is_nil(text:find("@import", 1, true))
    assert.is_nil(text:find("url(", 1, true))
    assert.is_nil(text:find("fetch(", 1, true))
    assert.is_nil(text:find("{{", 1, true))
  end)

  it("is the same each time", function()
    assert.equal(report.render(stored_run("broadcast", lossy())),
      report.render(stored_run("broadcast", lossy())))
  end)
end)

describe("the data of the page", function()
  local function build(...)
    return assert(data.build(stored_run(...)))
  end

  it("has operations in columns, their times as differences", function()
    local h = history.new()
    h:did(10, "n1", "broadcast", 7)
    h:info(h:invoke(20, "n5", "broadcast", { 1 }), 25)
    h:fail(h:invoke(30, "n1", "read"), 31)
    h:invoke(40, "n1", "read")
    local ops = build("broadcast", h.ops).operations
    assert.same({
      count = 4, functions = { "broadcast", "read" }, process = { 1, 5, 1, 1 },
      node = { 0, 4, 0, 0 }, f = { 0, 0, 1, 1 }, value = { 7, { 1 }, json.null, json.null },
      invoked = { 10000, 10000, 10000, 10000 }, took = { 1000, 5000, 1000, -1 },
      outcome = { 0, 2, 1, 3 },
    }, ops)
  end)

  it("shortens long values", function()
    local h = history.new()
    h:did(10, "n1", "broadcast", ("x"):rep(100000))
    local value = build("broadcast", h.ops).operations.value[1]
    assert.equal(80, #value)
  end)

  it("has the verdict of the screen", function()
    assert.same({ valid = false, word = "INVALID", text = "1 value lost" },
      build("broadcast", lossy()).verdict)
  end)

  it("has the limits and published figures where a run is of a challenge, and else none", function()
    local conditions = "--node-count 25 --rate 100 --latency 100 --time-limit 5"
    local figures = build("broadcast", lossy(), { options = conditions }).figures
    assert.same({ "servers", "median", "most" }, { figures[1].name, figures[2].name,
      figures[3].name })
    assert.same({ { name = "3d", value = 600 }, { name = "3e", value = 2000 } }, figures[3].limits)
    assert.equal(13, #figures[1].published)
    assert.same({ 1.2, 19 }, { figures[1].value, figures[3].value })
    for _, other in ipairs({ "--node-count 24", "--rate 99", "--latency 10", "--concurrency 2n",
      "--latency-dist uniform" }) do
      local without = build("broadcast", lossy(), { options = conditions .. " " .. other }).figures
      assert.same({ {}, {} }, { without[1].limits, without[1].published })
    end
    local kafka = build("kafka", {}, { options = "--node-count 2 --rate 1000 --concurrency 2n" })
    assert.same({ {}, 5 }, { kafka.figures[1].limits, #kafka.figures[1].published })
  end)

  it("has latencies that matter more than those of answers, and from when on they count", function()
    assert.same({ name = "stable everywhere", latency = { 19 }, known = { 21000 } },
      build("broadcast", lossy()).waits)
    local kafka = dofile("tests/lua/kafka_history.lua")
    assert.same({ name = "lag of polls", latency = { 19, 0 }, known = { 21000, 61000 } },
      build("kafka", kafka.parse("n2 assign a\nn1 send a 1 @0\nn2 poll\nn2 poll\nn2 poll a 0:1\n"
        .. "n1 send a 2 @1\nn2 poll a 1:2")).waits)
    assert.is_nil(build("echo", {}).waits)
  end)

  it("has faults with the places of the nodes that they concern", function()
    assert.same({ { kind = "partition", from = 1.5, to = 2.0, what = "two halves",
      cut = { { 1 }, { 0 } } },
      { kind = "pause", from = 0.0, to = 1.0, what = "n1 paused", silenced = { 1 } } },
      build("broadcast", {}, { options = "--nodes n0,n1", faults = {
        { fault = "partition", from_us = 1500000, to_us = 2000000, text = "two halves",
          cut = { n0 = { "n1" }, n1 = { "n0" } } },
        { fault = "pause", from_us = 0, to_us = 1000000, text = "n1 paused", silenced = { "n1" } },
      } }).faults)
  end)

  it("has the neighbours that nodes were told, by place", function()
    assert.same({ { 1 }, { 0, 2 }, { 1 } },
      build("broadcast", {}, { options = "--nodes a,b,c --topology line" }).topology)
    assert.is_nil(build("echo", {}, {}).topology)
  end)

  it("complains about a journal by its line", function()
    local good = event(1000000, "send", 0, "n0", "n1", '{"type":"x"}')
    local built, why = data.build(stored_run("echo", {}, { journal = good .. good:sub(1, 40) }))
    assert.is_nil(built)
    assert.matches("^messages.jsonl, line 2: ", why)
  end)
end)

describe("anomalies", function()
  local function anomalies(...)
    return assert(data.build(stored_run(...))).anomalies
  end

  it("come with the operations that prove them", function()
    local found = anomalies("broadcast", lossy())
    assert.equal(1, #found)
    assert.equal("Lost", found[1].label)
    assert.matches("^value 7: n1 acknowledged it at 0.011 s; no read ever showed it; "
      .. "the read at n2 that began at 0.100 s misses it.$", found[1].texts[1])
    assert.same({
      { op = 0, given = "7", answered = "", role = "known" },
      { op = 4, given = "", answered = "[8]", role = "misses it", wrong = true },
    }, found[1].proofs)
  end)

  it("find operations by their times where the checker gives no index", function()
    local h = history.new()
    h:did(10, "n1", "generate", nil, 5)
    h:did(20, "n2", "generate", nil, 6)
    h:did(30, "n3", "generate", nil, 5)
    local found = anomalies("unique-ids", h.ops)
    assert.same({ 0, 2 }, { found[1].proofs[1].op, found[1].proofs[2].op })
    assert.equal(2, #found[1].proofs)
  end)

  it("show of a poll only the key that matters, and of two polls the later as wrong", function()
    local kafka = dofile("tests/lua/kafka_history.lua")
    local ops = kafka.parse("n1 send a 1 @0\nn1 send a 2 @1\nn2 poll a 0:1 1:2\n"
      .. "n2 poll a 0:1 b 0:9")
    local back
    for _, case in ipairs(anomalies("kafka", ops)) do
      back = case.label == "Back" and case or back
    end
    assert.same({ { op = 2, given = "", answered = "[[0,1],[1,2]]" },
      { op = 3, given = "", answered = "[[0,1]]", wrong = true } }, back.proofs)
  end)

  it("say first which key an operation is about", function()
    local h = history.new()
    h:did(10, "n1", "write", { key = 4, value = 1 }, true)
    h:did(20, "n1", "cas", { key = 4, from = 1, to = 3 }, true)
    h:did(30, "n2", "read", { key = 4 }, 1)
    local given = {}
    for i, proof in ipairs(anomalies("lin-kv", h.ops)[1].proofs) do
      given[i] = proof.given
    end
    assert.same({ "key 4, value 1", "key 4, from 1, to 3", "key 4" }, given)
  end)

  it("name transactions as the explanation does", function()
    local h = history.new()
    h:did(10, "n1", "txn", { { "w", 1, 1 } }, { { "w", 1, 1 } })
    for v = 2, 3 do
      h:did(10 * v, "n" .. v, "txn", { { "r", 1, json.null }, { "w", 1, v } },
        { { "r", 1, 1 }, { "w", 1, v } })
    end
    for _, op in ipairs(h.ops) do
      json.array(op.value)
      json.array(op.result)
      for i = 1, #op.value do
        json.array(op.value[i])
        json.array(op.result[i])
      end
    end
    local found
    for _, case in ipairs(anomalies("txn-rw-register", h.ops)) do
      found = case.texts[1]:find("^lost%-update") and case or found
    end
    assert.same({ { op = 1, given = "r 1 = 1, w 1 = 2", answered = "", role = "T1" },
      { op = 2, given = "r 1 = 1, w 1 = 3", answered = "", role = "T2" } }, found.proofs)
  end)

  it("are also what nodes did that none may", function()
    local found = anomalies("echo", {}, {
      problems = { { node = "n1", time = 2500000000, text = "wrote no JSON" } } })
    assert.same({ { label = "Nodes", texts = { "n1 at 2.500 s: wrote no JSON" }, proofs = {} } },
      found)
  end)

  it("are also what is odd, but no figures, which the page has elsewhere", function()
    local h = history.new()
    h:did(10, "n1", "broadcast", 7)
    h:did(20, "n1", "read", nil, { 7, 9 })
    local found = anomalies("broadcast", h.ops)
    assert.same({ { label = "Note", texts = { "1 value was read that nobody sent: 9." },
      proofs = {} } }, found)
    local kafka = dofile("tests/lua/kafka_history.lua")
    assert.same({}, anomalies("kafka", kafka.parse("n1 send a 1 @0\nn2 poll a 0:1")))
  end)

  it("are none where all went well", function()
    local h = history.new()
    h:did(10, "n1", "echo", "a", "a")
    assert.same({}, anomalies("echo", h.ops))
  end)
end)
