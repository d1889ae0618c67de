-- sim.checkers.set_full: what became of each element of a set, and how long that took.

local history = dofile("tests/lua/history.lua")
local set_full = require "sim.checkers.set_full"
local value = require "sim.checkers.value"

local null = debug.upvalueid(function() return history end, 1) -- a light userdata, as JSON's null

local function array(list)
  return value.array(list)
end

describe("set-full", function()
  local h
  before_each(function()
    h = history.new()
  end)

  local function check()
    return set_full.check(h.ops)
  end

  it("finds nothing wrong where every read shows what was added", function()
    h:did(10, "n1", "add", 1)
    h:did(20, "n2", "read", nil, { 1 })
    h:did(30, "n1", "add", 2)
    h:did(40, "n1", "read", nil, { 2, 1 })
    local result, details = check()
    assert.same({
      ["valid?"] = true, ["attempt-count"] = 2, ["acknowledged-count"] = 2, ["stable-count"] = 2,
      ["lost-count"] = 0, lost = array({}), ["worst-lost"] = array({}),
      ["never-read-count"] = 0, ["never-read"] = array({}),
      ["stale-count"] = 0, stale = array({}), ["worst-stale"] = array({}),
      ["duplicated-count"] = 0, duplicated = {}, ["worst-duplicated"] = array({}),
      ["unexpected-count"] = 0, unexpected = array({}),
      ["stable-latencies"] = { ["0"] = 0, ["0.5"] = 0, ["0.95"] = 0, ["0.99"] = 0, ["1"] = 0 },
    }, result)
    assert.same({ stable_latencies = { 0, 0 }, known_us = { 11000, 31000 } }, details)
  end)

  describe("lost", function()
    it("is an element that was acknowledged and that a later read misses, for good", function()
      h:did(10, "n1", "add", 1)
      h:did(12, "n1", "add", 2)
      h:did(20, "n2", "read", nil, { 1 })
      local result = check()
      assert.is_false(result["valid?"])
      assert.same({ 1, array({ 2 }) }, { result["lost-count"], result.lost })
      assert.same({ 1, 0 }, { result["stable-count"], result["never-read-count"] })
    end)

    it("is an element that was there and went away", function()
      h:did(10, "n1", "add", 1)
      h:did(20, "n2", "read", nil, { 1 })
      h:did(30, "n3", "read", nil, {})
      local result = check()
      assert.is_false(result["valid?"])
      assert.same({ ["0"] = 9, ["0.5"] = 9, ["0.95"] = 9, ["0.99"] = 9, ["1"] = 9 },
        result["lost-latencies"])
      assert.same({
        element = 1, outcome = "lost", ["lost-latency"] = 9,
        known = { process = 1, node = "n1", f = "add", type = "ok", index = 2, time = 11000000 },
        ["last-present"] = { process = 2, node = "n2", f = "read", type = "invoke", index = 3,
          time = 20000000 },
        ["last-absent"] = { process = 3, node = "n3", f = "read", type = "invoke", index = 5,
          time = 30000000 },
      }, result["worst-lost"][1])
    end)

    it("is known from the first read that shows it, though nobody acknowledged its add", function()
      h:info(h:invoke(10, "n1", "add", 1), 11)
      h:did(12, "n1", "add", 2)
      h:did(20, "n2", "read", nil, { 1, 2 })
      h:did(30, "n2", "read", nil, { 2 })
      assert.same(array({ 1 }), check().lost)
    end)

    it("is not one that a read shows again", function()
      h:did(10, "n1", "add", 1)
      h:did(20, "n2", "read", nil, {})
      h:did(30, "n2", "read", nil, { 1 })
      assert.is_true(check()["valid?"])
    end)

    it("is not one whose only miss began before its add was acknowledged", function()
      h:did(1, "n1", "add", 0)
      local add = h:invoke(10, "n1", "add", 1)
      local read = h:invoke(11, "n2", "read")
      h:ok(add, 12)
      h:ok(read, 20, { 0 })
      local result = check()
      assert.is_true(result["valid?"])
      assert.same(array({ 1 }), result["never-read"])
    end)

    it("is one whose miss began just after its add was acknowledged, in the same microsecond",
      function()
        h:did(1, "n1", "add", 0)
        local add = h:invoke(10, "n1", "add", 1)
        h:ok(add, 11)
        h:ok(h:invoke(11, "n2", "read"), 11, { 0 })
        assert.same(array({ 1 }), check().lost)
      end)

    it("is judged by when reads began, not by when they ended", function()
      h:did(10, "n1", "add", 1)
      local slow = h:invoke(20, "n2", "read")
      local quick = h:invoke(21, "n3", "read")
      h:ok(quick, 22, { 1 })
      h:ok(slow, 40, {}) -- ends last, but began before one that shows it
      assert.is_true(check()["valid?"])
      h = history.new()
      h:did(10, "n1", "add", 1)
      slow = h:invoke(20, "n2", "read")
      quick = h:invoke(21, "n3", "read")
      h:ok(quick, 22, {})
      h:ok(slow, 40, { 1 })
      assert.same(array({ 1 }), check().lost)
    end)

    it("is not decided by reads that failed or were never answered", function()
      h:did(10, "n1", "add", 1)
      h:did(20, "n1", "read", nil, { 1 })
      h:fail(h:invoke(30, "n2", "read"), 31)
      h:info(h:invoke(32, "n2", "read"), 33).result = {} -- a reply that was not one
      h:invoke(34, "n2", "read")
      assert.is_true(check()["valid?"])
    end)

    it("lists the first to be known first, eight of them", function()
      for v = 1, 12 do
        h:did(10 * v, "n1", "add", 100 - v)
      end
      h:did(200, "n2", "read", nil, {})
      local result = check()
      assert.equal(8, #result["worst-lost"])
      assert.same({ 99, 92 }, { result["worst-lost"][1].element, result["worst-lost"][8].element })
      assert.same({ 12, 88, 99 }, { #result.lost, result.lost[1], result.lost[12] })
    end)
  end)

  describe("never read", function()
    it("is an element that nobody looked for since", function()
      h:did(5, "n1", "add", 0)
      h:did(10, "n1", "read", nil, { 0 })
      h:did(20, "n1", "add", 1)
      local result = check()
      assert.is_true(result["valid?"])
      assert.same({ 1, array({ 1 }) }, { result["never-read-count"], result["never-read"] })
    end)

    it("is one that was neither acknowledged nor shown, however often it was missed", function()
      h:did(1, "n1", "add", 0)
      h:info(h:invoke(10, "n1", "add", 1), 11)
      h:fail(h:invoke(12, "n1", "add", 2), 13)
      h:invoke(14, "n2", "add", 3)
      h:did(20, "n2", "read", nil, { 0 })
      local result = check()
      assert.is_true(result["valid?"])
      assert.same(array({ 1, 2, 3 }), result["never-read"])
      assert.same({ 4, 1 }, { result["attempt-count"], result["acknowledged-count"] })
    end)

    it("takes no notice of reads that ended before its add began", function()
      h:did(1, "n1", "add", 0)
      h:did(5, "n2", "read", nil, { 0 })
      h:did(10, "n1", "add", 1)
      assert.same(array({ 1 }), check()["never-read"])
    end)
  end)

  describe("stable latency", function()
    it("is the time from known to the last read that missed it", function()
      h:did(10, "n1", "add", 1) -- known at 11
      h:did(20, "n2", "read", nil, {})
      h:did(843, "n2", "read", nil, {})
      h:did(900, "n2", "read", nil, { 1 })
      local result, details = check()
      assert.is_true(result["valid?"])
      assert.same({ 832 }, details.stable_latencies)
      assert.same({ 1, array({ 1 }) }, { result["stale-count"], result.stale })
      assert.same({
        element = 1, outcome = "stable", ["stable-latency"] = 832,
        known = { process = 1, node = "n1", f = "add", type = "ok", index = 2, time = 11000000 },
        ["last-absent"] = { process = 2, node = "n2", f = "read", type = "invoke", index = 5,
          time = 843000000 },
        ["last-present"] = { process = 2, node = "n2", f = "read", type = "invoke", index = 7,
          time = 900000000 },
      }, result["worst-stale"][1])
    end)

    it("begins with the read that showed it before its add was acknowledged", function()
      local add = h:invoke(10, "n1", "add", 1)
      h:did(20, "n2", "read", nil, { 1 }) -- known at 21
      h:ok(add, 50)
      h:did(51, "n3", "read", nil, {})
      h:did(60, "n3", "read", nil, { 1 })
      local _, details = check()
      assert.same({ 30 }, details.stable_latencies)
    end)

    it("begins with the read that ended first, whichever began first", function()
      local add = h:invoke(10, "n1", "add", 1)
      local slow = h:invoke(11, "n2", "read")
      local quick = h:invoke(12, "n3", "read")
      h:ok(quick, 13, { 1 })
      h:ok(slow, 40, { 1 })
      h:ok(add, 50)
      h:did(60, "n3", "read", nil, {})
      h:did(70, "n3", "read", nil, { 1 })
      local _, details = check()
      assert.same({ 47 }, details.stable_latencies)
    end)

    it("is 0 when the last miss began before it was known", function()
      local add = h:invoke(10, "n1", "add", 1)
      h:did(11, "n2", "read", nil, {})
      h:ok(add, 20)
      h:did(30, "n2", "read", nil, { 1 })
      local result, details = check()
      assert.same({ { 0 }, 0 }, { details.stable_latencies, result["stale-count"] })
    end)

    it("is rounded down to milliseconds, and below one is not stale", function()
      h:ok(h:invoke(10, "n1", "add", 1), 11)
      h:ok(h:invoke(11.9, "n2", "read"), 12, {})
      h:did(20, "n2", "read", nil, { 1 })
      assert.equal(0, check()["stale-count"])
      h = history.new()
      h:ok(h:invoke(10, "n1", "add", 1), 11)
      h:ok(h:invoke(12.999, "n2", "read"), 13, {})
      h:did(20, "n2", "read", nil, { 1 })
      local _, details = check()
      assert.same({ 1 }, details.stable_latencies)
    end)

    it("is reported at Jepsen's points, the worst first", function()
      for v = 1, 10 do
        h:did(v, "n1", "add", v)
      end
      for v = 1, 10 do
        local shown = {}
        for known = 1, v - 1 do
          shown[known] = known
        end
        h:did(100 * v, "n2", "read", nil, shown)
      end
      h:did(2000, "n2", "read", nil, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
      local result = check() -- element v is missed until 100 v, known at v + 1
      assert.same({ ["0"] = 98, ["0.5"] = 593, ["0.95"] = 989, ["0.99"] = 989, ["1"] = 989 },
        result["stable-latencies"])
      assert.same({ 8, 10, 989, 3 }, { #result["worst-stale"], result["worst-stale"][1].element,
        result["worst-stale"][1]["stable-latency"], result["worst-stale"][8].element })
    end)
  end)

  describe("duplicated", function()
    it("is an element that one read shows twice", function()
      h:did(10, "n1", "add", 1)
      h:did(12, "n1", "add", 2)
      h:did(20, "n2", "read", nil, { 1, 2, 1 })
      h:did(30, "n3", "read", nil, { 1, 1, 2, 1 })
      h:did(40, "n4", "read", nil, { 1, 1, 2 })
      local result = check()
      assert.is_false(result["valid?"])
      assert.same({ 1, { ["1"] = 3 } }, { result["duplicated-count"], result.duplicated })
      assert.same({ element = 1, count = 3, read = { process = 3, node = "n3", f = "read",
        type = "ok", index = 8, time = 31000000 } }, result["worst-duplicated"][1])
    end)

    it("is not one that two reads show once each", function()
      h:did(10, "n1", "add", 1)
      h:did(20, "n2", "read", nil, { 1 })
      h:did(30, "n2", "read", nil, { 1 })
      assert.is_true(check()["valid?"])
    end)

    it("counts for what nobody added as well", function()
      h:did(10, "n1", "add", 1)
      h:did(20, "n2", "read", nil, { 1, 9, 9 })
      local result = check()
      assert.is_false(result["valid?"])
      assert.same({ ["9"] = 2 }, result.duplicated)
    end)
  end)

  describe("unexpected", function()
    it("is what reads show and nobody added; it is legal", function()
      h:did(10, "n1", "add", 1)
      h:did(20, "n2", "read", nil, { 1, 9 })
      h:did(30, "n2", "read", nil, { 1, 9, "x" })
      local result = check()
      assert.is_true(result["valid?"])
      assert.same({ 2, array({ 9, "x" }) }, { result["unexpected-count"], result.unexpected })
    end)

    it("is not a value that is read before its add begins, which counts for nothing", function()
      h:did(1, "n1", "add", 0)
      h:did(10, "n2", "read", nil, { 0, 1 })
      h:did(20, "n1", "add", 1)
      local result = check()
      assert.same({ 0, array({ 1 }) }, { result["unexpected-count"], result["never-read"] })
    end)
  end)

  describe("unknown", function()
    it("is a run without a read", function()
      h:did(10, "n1", "add", 1)
      h:fail(h:invoke(20, "n1", "read"), 21)
      assert.equal("unknown", check()["valid?"])
    end)

    it("is a run without an acknowledged add", function()
      h:info(h:invoke(10, "n1", "add", 1), 15)
      h:did(20, "n1", "read", nil, { 1 })
      local result = check()
      assert.same({ "unknown", 1, 0 },
        { result["valid?"], result["stable-count"], result["acknowledged-count"] })
    end)

    it("is an empty one", function()
      local result = check()
      assert.same({ "unknown", 0 }, { result["valid?"], result["attempt-count"] })
      assert.is_nil(result["stable-latencies"])
    end)

    it("is not one with a loss or a duplicate, however little there is", function()
      h:did(10, "n1", "add", 1)
      h:did(20, "n1", "read", nil, {})
      assert.is_false(check()["valid?"])
      h = history.new()
      h:info(h:invoke(10, "n1", "add", 1), 15)
      h:did(20, "n1", "read", nil, { 1, 1 })
      assert.is_false(check()["valid?"])
    end)
  end)

  it("tells JSON values apart and takes any of them", function()
    local values = { 1, 1.0, "1", true, false, "true", null, "null", 1.5, { a = 1, b = 2 },
      array({ 1, 2 }), array({}), {}, "[]", { { a = 1 } } }
    for i, v in ipairs(values) do
      h:did(i, "n1", "add", v)
    end
    for missing = 1, #values do
      local shown = {}
      for i, v in ipairs(values) do
        if i ~= missing then
          shown[#shown + 1] = type(v) == "table" and next(v) and { a = v.a, b = v.b,
            table.unpack(v) } or v
        end
      end
      h.ops[#values + 1] = nil
      h:did(100, "n1", "read", nil, shown)
      local result = check()
      assert.same({ 1, 0, 0 }, { result["lost-count"], result["unexpected-count"],
        result["duplicated-count"] }, value.text(values[missing]))
      assert.equal(value.text(values[missing]), value.text(result.lost[1]))
    end
  end)

  it("takes an element that is added twice for one", function()
    h:did(10, "n1", "add", 1)
    h:did(20, "n1", "read", nil, { 1 })
    h:did(30, "n2", "add", 1)
    h:did(40, "n1", "read", nil, { 1 })
    local result = check()
    assert.same({ true, 1, 1, 1 }, { result["valid?"], result["attempt-count"],
      result["acknowledged-count"], result["stable-count"] })
  end)

  it("judges broadcasts as adds", function()
    h:did(10, "n1", "broadcast", 1)
    h:did(20, "n1", "read", nil, {})
    assert.same(array({ 1 }), check().lost)
  end)

  -- The definition, as it reads: every element meets every read, in the order of completion.
  local function plain_check(ops)
    local elements, dup_count = {}, 0
    local events = {}
    for _, op in ipairs(ops) do
      events[#events + 1] = { index = op.invoke_index, op = op, invoke = true }
      if op.outcome == "ok" then
        events[#events + 1] = { index = op.complete_index, op = op }
      end
    end
    table.sort(events, function(a, b) return a.index < b.index end)
    local order = {}
    for _, event in ipairs(events) do
      local op = event.op
      if op.f == "add" and event.invoke then
        elements[op.value] = {}
        order[#order + 1] = op.value
      elseif op.f == "add" then
        elements[op.value].known = elements[op.value].known or event
      elseif not event.invoke then
        local times = {}
        for _, v in ipairs(op.result) do
          times[v] = (times[v] or 0) + 1
          dup_count = times[v] == 2 and dup_count + 1 or dup_count
        end
        for v, element in pairs(elements) do
          local key = times[v] and "present" or "absent"
          if not element[key] or element[key].invoke_index < op.invoke_index then
            element[key] = op
          end
          if times[v] then
            element.known = element.known or event
          end
        end
      end
    end
    local outcome = { lost = {}, never = {}, latencies = {}, duplicated = dup_count > 0 }
    for _, v in ipairs(order) do
      local e = elements[v]
      local present = e.present and e.present.invoke_index or -1
      local absent = e.absent and e.absent.invoke_index or -1
      if e.present and absent < present then
        local from = e.known.op.complete_us
        outcome.latencies[#outcome.latencies + 1] =
          e.absent and math.max(0, (e.absent.invoke_us - from) // 1000) or 0
      elseif e.known and e.absent and e.known.index < absent then
        outcome.lost[#outcome.lost + 1] = v
      else
        outcome.never[#outcome.never + 1] = v
      end
    end
    return outcome
  end

  it("agrees with the plain definition on random histories", function()
    for seed = 1, 300 do
      local state = seed
      local function random(n) -- 0 .. n-1
        state = (state * 1103515245 + 12345) % 2147483648
        return state // 65536 % n
      end
      h = history.new()
      local now, running, next_value = 0, {}, 1
      for _ = 1, 40 do
        now = now + random(3)
        local node = "n" .. random(4)
        local op = running[node]
        if not op and random(2) == 0 then
          running[node] = h:invoke(now, node, "add", next_value)
          next_value = next_value + 1
        elseif not op then
          running[node] = h:invoke(now, node, "read")
        else
          running[node] = nil
          local shown = {}
          for v = 1, next_value do
            for _ = 1, random(12) == 0 and 0 or random(30) == 0 and 2 or 1 do
              shown[#shown + 1] = v
            end
          end
          local fate = random(8)
          if fate == 0 then
            h:info(op, now)
          elseif fate == 1 then
            h:fail(op, now)
          else
            h:ok(op, now, op.f == "read" and shown or nil)
          end
        end
      end
      local expected = plain_check(h.ops)
      local result, details = check()
      assert.same({
        expected.lost, expected.never, expected.latencies, expected.duplicated
      }, {
        table.move(result.lost, 1, #result.lost, 1, {}),
        table.move(result["never-read"], 1, #result["never-read"], 1, {}),
        details.stable_latencies, result["duplicated-count"] > 0
      }, "seed " .. seed)
    end
  end)
end)
