-- sim.checkers.counter: which final reads of a counter are possible.

local counter = require "sim.checkers.counter"
local history = dofile("tests/lua/history.lua")
local randoms = require "hearsay.random"
local value = require "sim.checkers.value"

local SEED = 20261121

describe("a counter", function()
  local h
  before_each(function()
    h = history.new()
  end)

  local function add(ms, delta)
    return h:did(ms, "n1", "add", delta)
  end

  local function add_unknown(ms, delta)
    return h:info(h:invoke(ms, "n1", "add", delta), ms + 1)
  end

  local function final(ms, node, sum)
    local op = h:did(ms, node, "read", nil, sum)
    op.final = true
    return op
  end

  local function check()
    return counter.check(h.ops)
  end

  local function intervals(list)
    for i, interval in ipairs(list) do
      list[i] = value.array(interval)
    end
    return value.array(list)
  end

  it("is right when every final read is the sum of all adds", function()
    add(10, 4)
    add(20, -5)
    add(30, 0)
    final(40, "n1", -1)
    final(41, "n2", -1)
    assert.same({
      ["valid?"] = true, ["acknowledged-count"] = 3, ["acknowledged-sum"] = -1,
      ["indefinite-count"] = 0, acceptable = intervals({ { -1, -1 } }),
      ["final-reads"] = value.array({ -1, -1 }), ["error-count"] = 0, errors = value.array({}),
    }, check())
  end)

  it("is wrong when one final read lacks an add, or has one twice", function()
    add(10, 3)
    add(20, 2)
    final(40, "n1", 5)
    final(41, "n2", 3)
    local result = check()
    assert.is_false(result["valid?"])
    assert.equal(1, result["error-count"])
    assert.same(value.array({ { value = 3, node = "n2", process = 2, time = 42000000 } }),
      result.errors)
    h.ops[4].result = 8
    assert.is_false(check()["valid?"])
    h.ops[4].result = 5
    assert.is_true(check()["valid?"])
  end)

  it("may show anything before the end", function()
    add(10, 3)
    h:did(20, "n2", "read", nil, 17)
    final(40, "n2", 3)
    assert.is_true(check()["valid?"])
  end)

  it("does not have what surely failed", function()
    add(10, 3)
    h:fail(h:invoke(20, "n1", "add", 2), 21)
    final(40, "n1", 3)
    assert.is_true(check()["valid?"])
    h.ops[3].result = 5
    assert.is_false(check()["valid?"])
  end)

  describe("with adds of unknown outcome", function()
    it("has some of them, not the same everywhere, and no part of one", function()
      add(10, 10)
      add_unknown(20, 3)
      h:invoke(30, "n1", "add", -5) -- was never answered
      for i, sum in ipairs({ 10, 13, 5, 8 }) do
        final(40 + i, "n" .. i, sum)
      end
      local result = check()
      assert.is_true(result["valid?"])
      assert.equal(2, result["indefinite-count"])
      assert.same(intervals({ { 5, 5 }, { 8, 8 }, { 10, 10 }, { 13, 13 } }), result.acceptable)
      for _, sum in ipairs({ 4, 6, 7, 9, 11, 12, 14 }) do
        h.ops[4].result = sum
        assert.is_false(check()["valid?"])
      end
    end)

    it("has any sum between the least and the greatest when they are small enough", function()
      add_unknown(10, 1)
      add_unknown(20, 1)
      add_unknown(30, 3)
      add_unknown(40, -2)
      final(50, "n1", 0)
      assert.same(intervals({ { -2, 5 } }), check().acceptable)
    end)

    it("takes an add of nothing for nothing", function()
      add_unknown(10, 0)
      final(50, "n1", 0)
      assert.same(intervals({ { 0, 0 } }), check().acceptable)
    end)

    it("has what trying every subset finds (seed " .. SEED .. ")", function()
      local random = randoms.stream(SEED, "counter")
      for _ = 1, 300 do
        h = history.new()
        local sums, sum = {}, 0
        local deltas = {}
        for i = 1, random:upto(9) do
          local delta = random:upto(41) - 21
          if random:upto(3) == 1 then
            add(10 * i, delta)
            sum = sum + delta
          else
            add_unknown(10 * i, delta)
            deltas[#deltas + 1] = delta
          end
        end
        for subset = 0, (1 << #deltas) - 1 do
          local one = sum
          for i, delta in ipairs(deltas) do
            one = one + (subset >> i - 1 & 1) * delta
          end
          sums[one] = true
        end
        local read = final(1000, "n1", 0)
        local acceptable = {}
        for _, interval in ipairs(check().acceptable) do
          for one = interval[1], interval[2] do
            assert.is_nil(acceptable[one])
            acceptable[one] = true
          end
        end
        assert.same(sums, acceptable)
        for _ = 1, 10 do
          read.result = sum + random:upto(101) - 51
          assert.equal(sums[read.result] or false, check()["valid?"])
        end
      end
    end)

    it("is judged quickly when there are thousands", function()
      for i = 1, 5000 do
        add_unknown(i, i % 10 - 5)
      end
      final(6000, "n1", -3000)
      assert.same({ true, intervals({ { -7500, 5000 } }) },
        { check()["valid?"], check().acceptable })
    end)
  end)

  it("is unknown when no final read succeeded", function()
    add(10, 3)
    h:did(20, "n2", "read", nil, 3)
    assert.equal("unknown", check()["valid?"])
    h:fail(h:invoke(30, "n1", "read"), 31).final = true
    assert.equal("unknown", check()["valid?"])
  end)

  it("lists 48 wrong reads and counts all", function()
    for i = 1, 60 do
      final(10 * i, "n1", i)
    end
    assert.same({ 60, 48 }, { check()["error-count"], #check().errors })
  end)
end)
