-- sim.checkers.linearizable: histories of registers that are linearizable, and near misses.

local history = dofile("tests/lua/history.lua")
local linearizable = require "sim.checkers.linearizable"
local value = require "sim.checkers.value"

describe("linearizability", function()
  local h
  before_each(function()
    h = history.new()
  end)

  -- Operations on key 0 that take a millisecond.
  local function write(ms, node, v)
    return h:did(ms, node, "write", { key = 0, value = v })
  end

  local function read(ms, node, v)
    return h:did(ms, node, "read", { key = 0 }, v)
  end

  local function cas(ms, node, from, to)
    return h:did(ms, node, "cas", { key = 0, from = from, to = to })
  end

  -- And some of which only the beginning is known.
  local function begin_write(ms, node, v)
    return h:invoke(ms, node, "write", { key = 0, value = v })
  end

  local function begin_read(ms, node)
    return h:invoke(ms, node, "read", { key = 0 })
  end

  local function begin_cas(ms, node, from, to)
    return h:invoke(ms, node, "cas", { key = 0, from = from, to = to })
  end

  local function check(options)
    return linearizable.check(h.ops, options)
  end

  local function is_valid()
    return check()["valid?"]
  end

  it("is there when all comes one after the other", function()
    write(10, "n1", 1)
    read(20, "n2", 1)
    cas(30, "n3", 1, 2)
    read(40, "n1", 2)
    assert.same({
      ["valid?"] = true, ["key-count"] = 1, ["search-budget"] = linearizable.budget,
      results = { ["0"] = { ["valid?"] = true, ["op-count"] = 4, configurations = 2 } },
      failures = value.array({}), ["given-up"] = value.array({}),
      ["worst-failures"] = value.array({}),
    }, check())
  end)

  describe("is broken by", function()
    it("a read of what was overwritten before it began", function()
      write(10, "n1", 1)
      write(20, "n1", 2)
      read(30, "n2", 1)
      assert.is_false(is_valid())
    end)

    it("but not by one that began before the new value was there for sure", function()
      write(10, "n1", 1)
      local over = begin_write(20, "n1", 2)
      local old = begin_read(21, "n2")
      h:ok(over, 25)
      h:ok(old, 30, 1)
      assert.is_true(is_valid())
    end)

    it("a read of the old value after one of the new, though the write is still under way",
      function()
        write(10, "n1", 1)
        local over = begin_write(20, "n1", 2)
        read(30, "n2", 2)
        read(40, "n3", 1)
        h:ok(over, 50)
        assert.is_false(is_valid())
      end)

    it("but not when the two reads come at once", function()
      write(10, "n1", 1)
      local over = begin_write(20, "n1", 2)
      local new, old = begin_read(30, "n2"), begin_read(31, "n3")
      h:ok(new, 32, 2)
      h:ok(old, 33, 1)
      h:ok(over, 50)
      assert.is_true(is_valid())
    end)

    it("two compare-and-sets that both found the same value", function()
      write(10, "n1", 1)
      local a, b = begin_cas(20, "n2", 1, 2), begin_cas(21, "n3", 1, 3)
      h:ok(a, 30)
      h:ok(b, 31)
      assert.is_false(is_valid())
    end)

    it("but not when one of them failed", function()
      write(10, "n1", 1)
      local a, b = begin_cas(20, "n2", 1, 2), begin_cas(21, "n3", 1, 3)
      h:ok(a, 30)
      h:fail(b, 31, "precondition_failed")
      read(40, "n1", 2)
      assert.is_true(is_valid())
    end)

    it("and not when the value came back between them", function()
      write(10, "n1", 1)
      local a, b = begin_cas(20, "n2", 1, 2), begin_cas(21, "n3", 1, 3)
      local again = begin_write(22, "n1", 1)
      h:ok(a, 30)
      h:ok(b, 31)
      h:ok(again, 32)
      assert.is_true(is_valid())
    end)

    it("a compare-and-set of a value that is not there", function()
      write(10, "n1", 1)
      cas(20, "n2", 4, 2)
      local failure = check()["worst-failures"][1]
      assert.same({ "4", false }, { failure.expected, failure["ever-given?"] })
    end)

    it("a read of what nobody wrote", function()
      write(10, "n1", 1)
      read(20, "n2", 7)
      local failure = check()["worst-failures"][1]
      assert.same({ "7", false }, { failure.expected, failure["ever-given?"] })
    end)

    it("a read of what somebody writes only later", function()
      write(10, "n1", 1)
      read(20, "n2", 2)
      write(30, "n1", 2)
      assert.is_false(is_valid())
    end)

    it("a read of a write that surely failed", function()
      write(10, "n1", 1)
      h:fail(begin_write(20, "n1", 2), 21)
      read(30, "n2", 2)
      assert.is_false(is_valid())
    end)

    it("a write that is gone", function()
      write(10, "n1", 1)
      write(20, "n2", 2)
      cas(30, "n3", 1, 3)
      assert.is_false(is_valid())
    end)

    it("a read of what another one saw before it began", function()
      write(10, "n1", 1)
      local long = begin_read(20, "n2")
      write(30, "n1", 2)
      read(40, "n3", 1)
      write(50, "n1", 1)
      h:ok(long, 60, 1)
      assert.is_false(is_valid())
    end)

    it("but not when it began in time", function()
      write(10, "n1", 1)
      local long, short = begin_read(20, "n2"), begin_read(21, "n3")
      write(30, "n1", 2)
      h:ok(short, 40, 1)
      write(50, "n1", 3)
      h:ok(long, 60, 1)
      assert.is_true(is_valid())
    end)

    it("three reads that see two writes in two orders", function()
      local a, b = begin_write(10, "n1", 1), begin_write(11, "n2", 2)
      read(20, "n3", 1)
      read(30, "n4", 2)
      read(40, "n3", 1)
      h:ok(a, 50)
      h:ok(b, 51)
      assert.is_false(is_valid())
    end)
  end)

  describe("with an operation of unknown outcome", function()
    before_each(function()
      write(10, "n1", 1)
    end)

    it("holds if it happened, or not, or later", function()
      h:info(begin_write(20, "n1", 2), 25)
      read(30, "n2", 1)
      read(40, "n2", 2)
      assert.is_true(is_valid())
      write(50, "n3", 3)
      read(60, "n2", 3)
      assert.is_true(is_valid())
    end)

    it("holds if it was never answered at all", function()
      begin_write(20, "n1", 2)
      write(30, "n2", 3)
      read(40, "n2", 2)
      assert.is_true(is_valid())
    end)

    it("does not hold if it happened before it began", function()
      read(15, "n2", 2)
      h:info(begin_write(20, "n1", 2), 25)
      assert.is_false(is_valid())
    end)

    it("does not hold if it happened and then did not", function()
      h:info(begin_write(20, "n1", 2), 25)
      read(30, "n2", 2)
      read(40, "n2", 1)
      assert.is_false(is_valid())
    end)

    it("does not hold if it happened twice", function()
      h:info(begin_write(20, "n1", 2), 25)
      read(30, "n2", 2)
      write(40, "n3", 3)
      read(50, "n2", 2)
      assert.is_false(is_valid())
    end)

    it("but does if there were two such", function()
      h:info(begin_write(20, "n1", 2), 25)
      h:info(begin_write(21, "n4", 2), 26)
      read(30, "n2", 2)
      write(40, "n3", 3)
      read(50, "n2", 2)
      assert.is_true(is_valid())
    end)

    it("holds for a compare-and-set that found its value only later", function()
      h:info(begin_cas(20, "n1", 5, 2), 25)
      write(30, "n2", 5)
      read(40, "n2", 2)
      assert.is_true(is_valid())
    end)

    it("does not hold for one that never found its value", function()
      h:info(begin_cas(20, "n1", 5, 2), 25)
      read(40, "n2", 2)
      assert.is_false(is_valid())
    end)

    it("takes no notice of reads", function()
      h:info(begin_read(20, "n1"), 25).result = 7
      begin_read(30, "n3")
      read(40, "n2", 1)
      assert.is_true(is_valid())
    end)
  end)

  describe("of a key that has no value", function()
    local null = debug.upvalueid(function() return history end, 1) -- as the decoder's null

    it("is null", function()
      read(10, "n1", null)
      write(20, "n1", 1)
      assert.is_true(is_valid())
      read(30, "n2", null)
      assert.is_false(is_valid())
    end)

    it("says that it was nothing yet", function()
      read(10, "n1", 3)
      assert.same(value.array({ { value = "null" } }), check()["worst-failures"][1].possible)
    end)
  end)

  describe("is judged", function()
    it("key by key", function()
      h:did(10, "n1", "write", { key = "a", value = 1 })
      h:did(20, "n1", "write", { key = "a", value = 2 })
      h:did(30, "n1", "write", { key = "b", value = 1 })
      h:did(40, "n2", "read", { key = "b" }, 1)
      h:did(50, "n2", "read", { key = "a" }, 1)
      local result = check()
      assert.is_false(result["valid?"])
      assert.same(value.array({ "a" }), result.failures)
      assert.same({ 2, false, true }, { result["key-count"], result.results['"a"']["valid?"],
        result.results['"b"']["valid?"] })
      assert.equal(3, result.results['"a"']["op-count"])
      assert.equal(2, result.results['"b"']["op-count"])
    end)

    it("with keys and values apart that differ in JSON, and together that do not", function()
      for i, key in ipairs({ 1, 1.0, "1", { 1 }, { a = 1, b = 2 } }) do
        h:did(10 * i, "n1", "write", { key = key, value = i })
      end
      for i, key in ipairs({ 1, 1.0, "1", { 1 }, { b = 2, a = 1 } }) do
        h:did(100 + 10 * i, "n1", "read", { key = key }, i)
      end
      assert.same({ true, 5 }, { check()["valid?"], check()["key-count"] })
      h:did(200, "n1", "read", { key = 1 }, 1.0)
      assert.is_false(is_valid())
    end)

    it("with values of any kind", function()
      write(10, "n1", { list = { 1, 2 }, text = "x" })
      read(20, "n2", { text = "x", list = { 1, 2 } })
      cas(30, "n2", { text = "x", list = { 1, 2 } }, false)
      read(40, "n2", false)
      assert.is_true(is_valid())
    end)

    it("unknown when nobody read or compared anything", function()
      assert.equal("unknown", is_valid())
      write(10, "n1", 1)
      h:fail(begin_read(20, "n1"), 21)
      h:fail(begin_cas(30, "n1", 1, 2), 31)
      assert.equal("unknown", is_valid())
      cas(40, "n1", 1, 2)
      assert.is_true(is_valid())
    end)

    it("unknown when the search is given up, but false when another key is wrong", function()
      for i = 1, 10 do
        write(10 * i, "n1", i)
        read(10 * i + 5, "n1", i)
      end
      local result = check({ search_budget = 5 })
      assert.equal("unknown", result["valid?"])
      assert.same(value.array({ 0 }), result["given-up"])
      assert.same({ ["valid?"] = "unknown", ["op-count"] = 20, configurations = 5 },
        result.results["0"])
      h:did(200, "n1", "read", { key = 1 }, 1)
      assert.is_false(check({ search_budget = 5 })["valid?"])
    end)
  end)

  it("tells what does not fit, what could have been there, and what else was under way", function()
    write(10, "n1", 1)
    write(20, "n3", 2)
    local slow = begin_write(22, "n4", 3)
    h:info(begin_cas(23, "n5", 2, 4), 28)
    h:info(begin_cas(24, "n5", 7, 8), 28)
    local stale = begin_read(30, "n2")
    h:ok(stale, 31, 1)
    h:ok(slow, 40)
    read(50, "n1", 3) -- what comes after it does not matter
    h:info(begin_write(60, "n5", 1), 61)
    local result = check()
    assert.equal(1, #result["worst-failures"])
    local function ns(ms)
      return ms * 1000000
    end
    local first = { process = 1, node = "n1", f = "write", value = 1, type = "ok",
      ["invoke-time"] = ns(10), ["complete-time"] = ns(11) }
    local second = { process = 3, node = "n3", f = "write", value = 2, type = "ok",
      ["invoke-time"] = ns(20), ["complete-time"] = ns(21) }
    local third = { process = 4, node = "n4", f = "write", value = 3, type = "ok",
      ["invoke-time"] = ns(22), ["complete-time"] = ns(40) }
    local unknown = { process = 5, node = "n5", f = "cas", from = 2, value = 4, type = "info",
      ["invoke-time"] = ns(23) }
    local useless = { process = 5, node = "n5", f = "cas", from = 7, value = 8, type = "info",
      ["invoke-time"] = ns(24) }
    local failure = result["worst-failures"][1]
    table.sort(failure.possible, function(a, b) return a.value < b.value end)
    assert.same({
      key = 0, expected = "1", ["ever-given?"] = true,
      op = { process = 2, node = "n2", f = "read", value = 1, type = "ok",
        ["invoke-time"] = ns(30), ["complete-time"] = ns(31) },
      possible = value.array({
        { value = "2", ["given-by"] = second }, { value = "3", ["given-by"] = third },
        { value = "4", ["given-by"] = unknown },
      }),
      open = value.array({ third, unknown, useless }),
      ["given-by"] = first, ["overwritten-by"] = second,
    }, failure)
  end)

  it("does not say what overwrote a value that was the last for sure", function()
    write(10, "n1", 2)
    write(20, "n1", 1)
    local a, b = begin_cas(30, "n2", 1, 3), begin_cas(31, "n3", 1, 4)
    h:ok(a, 40)
    h:ok(b, 41)
    local failure = check()["worst-failures"][1]
    assert.same({ "1", true }, { failure.expected, failure["ever-given?"] })
    assert.is_nil(failure["given-by"])
    assert.is_nil(failure["overwritten-by"])
  end)

  it("describes eight keys, and lists all that are wrong", function()
    for key = 1, 10 do
      h:did(10 * key, "n1", "read", { key = key }, 5)
    end
    local result = check()
    assert.same({ 10, 8 }, { #result.failures, #result["worst-failures"] })
    assert.same({ 1, 8 }, { result["worst-failures"][1].key, result["worst-failures"][8].key })
  end)
end)
