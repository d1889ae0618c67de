-- sim.checkers: what all of them share; each one has a spec of its own.

local availability = require "sim.checkers.availability"
local checkers = require "sim.checkers"
local history = dofile("tests/lua/history.lua")
local stats = require "sim.checkers.stats"
local value = require "sim.checkers.value"

describe("availability", function()
  local h
  before_each(function()
    h = history.new()
    for i = 1, 7 do
      h:did(i, "n1", "read", nil, {})
    end
    h:info(h:invoke(10, "n1", "read"), 11)
  end)

  it("is the part of the invoked operations that were ok", function()
    assert.same({ ["valid?"] = true, ["ok-fraction"] = 0.875 }, availability.check(h.ops))
  end)

  it("must reach what was asked", function()
    assert.is_true(availability.check(h.ops, { availability = 0.875 })["valid?"])
    assert.is_false(availability.check(h.ops, { availability = 0.876 })["valid?"])
    assert.is_false(availability.check(h.ops, { availability = "total" })["valid?"])
    h.ops[8] = nil
    assert.is_true(availability.check(h.ops, { availability = "total" })["valid?"])
  end)

  it("is not total where one of a thousand failed", function()
    for i = 1, 1000 do
      h:did(10 + i, "n1", "read", nil, {})
    end
    assert.is_false(availability.check(h.ops, { availability = "total" })["valid?"])
  end)

  it("counts an operation that was never answered against it", function()
    h.ops[8] = nil
    h:invoke(20, "n1", "read")
    assert.is_false(availability.check(h.ops, { availability = "total" })["valid?"])
  end)

  it("is total where nothing was asked for", function()
    local result = availability.check({}, { availability = "total" })
    assert.same({ true, "float", 1.0 },
      { result["valid?"], math.type(result["ok-fraction"]), result["ok-fraction"] })
  end)
end)

describe("stats", function()
  local h
  before_each(function()
    h = history.new()
  end)

  it("counts outcomes by operation, and errors", function()
    h:did(1, "n1", "read", nil, {})
    h:fail(h:invoke(2, "n1", "read"), 3, "abort")
    h:info(h:invoke(4, "n1", "read"), 5)
    h:invoke(6, "n2", "read")
    h:did(7, "n1", "add", 1)
    assert.same({
      ["valid?"] = true, count = 5, ["ok-count"] = 2, ["fail-count"] = 1, ["info-count"] = 2,
      ["by-f"] = {
        read = { ["valid?"] = true, count = 4, ["ok-count"] = 1, ["fail-count"] = 1,
          ["info-count"] = 2 },
        add = { ["valid?"] = true, count = 1, ["ok-count"] = 1, ["fail-count"] = 0,
          ["info-count"] = 0 },
      },
      ["by-error"] = { abort = 1, timeout = 1 },
    }, stats.check(h.ops))
  end)

  it("is invalid where one kind of operation never succeeded", function()
    h:did(1, "n1", "read", nil, {})
    h:fail(h:invoke(2, "n1", "add", 1), 3)
    local result = stats.check(h.ops)
    assert.same({ false, false, true }, { result["valid?"], result["by-f"].add["valid?"],
      result["by-f"].read["valid?"] })
    h:did(4, "n1", "add", 2)
    assert.is_true(stats.check(h.ops)["valid?"])
  end)

  it("does not mind operations that the workload made to fail", function()
    h:did(1, "n1", "read", nil, {})
    h:info(h:invoke(2, "n1", "crash"), 3).planned = true
    local result = stats.check(h.ops)
    assert.is_true(result["valid?"])
    assert.equal(1, result["by-f"].crash["info-count"])
    assert.same({}, result["by-error"])
    h:info(h:invoke(4, "n1", "add", 1), 5)
    assert.is_false(stats.check(h.ops)["valid?"])
  end)

  it("is unknown where there was no operation", function()
    assert.equal("unknown", stats.check({})["valid?"])
  end)
end)

describe("checkers", function()
  it("merge verdicts: false over unknown over true", function()
    local merge = checkers.merge_valid
    assert.is_true(merge({}))
    assert.is_true(merge({ true, true }))
    assert.equal("unknown", merge({ true, "unknown", true }))
    assert.is_false(merge({ "unknown", false, true }))
    assert.has_error(function() merge({ "maybe" }) end,
      "checkers.merge_valid: not a verdict: maybe")
    assert.has_error(function() merge({ true, 1 }) end)
  end)

  it("are composed under their names", function()
    local ops, opts = {}, {}
    local results, details = checkers.compose({
      one = function(history_given, opts_given)
        assert.equal(ops, history_given)
        assert.equal(opts, opts_given)
        return { ["valid?"] = true, n = 1 }, { list = { 5 } }
      end,
      two = function() return { ["valid?"] = "unknown" } end,
    }, ops, opts)
    assert.same({ ["valid?"] = "unknown", one = { ["valid?"] = true, n = 1 },
      two = { ["valid?"] = "unknown" } }, results)
    assert.same({ one = { list = { 5 } }, two = {} }, details)
  end)

  it("do not hide each other's results when one raises", function()
    local results = checkers.compose({
      broken = function() error("no such thing") end,
      wrong = function() return { ["valid?"] = false } end,
    }, {})
    assert.is_false(results["valid?"])
    assert.equal("unknown", results.broken["valid?"])
    assert.matches("^[^\n]*checkers_spec.lua:%d+: no such thing\n.*traceback", results.broken.error)
  end)
end)

describe("value", function()
  local null = debug.upvalueid(function() return history end, 1) -- a light userdata

  it("has one text for each JSON value", function()
    for text, v in pairs({
      ["1"] = 1, ["1.0"] = 1.0, ["-0.0"] = -0.0, ["0.1"] = 0.1, ["1e+300"] = 1e300,
      ["0.30000000000000004"] = 0.1 + 0.2, ["9223372036854775807"] = math.maxinteger,
      ['"a\\"b\\\\c\\n\\u0001é"'] = 'a"b\\c\n\1é', ["true"] = true, ["null"] = null,
      ["[]"] = value.array({}), ["{}"] = {}, ["[1,[2.5]]"] = { 1, { 2.5 } },
      ['{"a":[],"b":{"c":null}}'] = { b = { c = null }, a = value.array({}) },
    }) do
      assert.equal(text, value.text(v))
    end
  end)

  it("puts all values in one order", function()
    local list = { "b", { 2 }, 2, "a", true, 1.0, null, false, 10, { a = 1 }, 1, -5, 2.5 }
    table.sort(list, value.before)
    assert.equal('[null,false,true,-5,1,1.0,2,2.5,10,"a","b",[2],{"a":1}]', value.text(list))
  end)

  it("puts an integer before the float of the same number", function()
    assert.is_true(value.before(1, 1.0))
    assert.is_false(value.before(1.0, 1))
    assert.is_false(value.before(1, 1))
  end)

  it("compares by content", function()
    assert.is_true(value.equal({ a = 1, b = { 2 } }, { b = { 2 }, a = 1 }))
    assert.is_false(value.equal({ a = 1 }, { a = 1.0 }))
    assert.is_false(value.equal({}, value.array({})))
  end)
end)
