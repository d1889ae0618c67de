local crdt_lab = dofile("tests/lua/crdt_lab.lua")(it, assert)
local g_counter = require "hearsay.crdt.g_counter"
local pn_counter = require "hearsay.crdt.pn_counter"
local sum = require "hearsay.crdt.sum"

local MOST, LEAST = math.maxinteger, math.mininteger

-- A counter that keeps each add with an id, and so counts none twice.
local function naive()
  return {
    adds = {}, count = 0,
    add = function(self, id, delta)
      self.count = self.count + 1
      self.adds[id .. "-" .. self.count] = delta
    end,
    state = function(self) return self.adds end,
    merge = function(self, state)
      for id, delta in pairs(state) do self.adds[id] = delta end
    end,
    value = function(self)
      local total = 0
      for _, delta in pairs(self.adds) do total = total + delta end
      return total
    end,
  }
end

describe("g_counter", function()
  crdt_lab.laws({ new = g_counter.new, naive = naive, change = function(random)
    return "add", random:upto(5) - 1
  end })

  it("is at 0, and counts what is added at each replica once", function()
    local a, b = g_counter.new(), g_counter.new()
    assert.equal(0, a:value())
    assert.same({ n1 = 3 }, a:add("n1", 3))
    assert.same({ n1 = 5 }, a:add("n1", 2))
    b:add("n2", 10)
    assert.is_true(b:merge(a:state()))
    assert.is_false(b:merge(a:state()))
    assert.equal(15, b:value())
    assert.equal(5, a:value())
  end)

  it("returns a part of the state that is enough for others", function()
    local a, b = g_counter.new(), g_counter.new()
    a:add("n1", 1)
    b:merge(a:add("n1", 2))
    b:merge(a:add("n1", 4))
    assert.same(a:state(), b:state())
  end)

  it("has an empty state for what was not added", function()
    local a = g_counter.new()
    a:add("n1", 0)
    assert.is_false(a:merge({ n2 = 0 }))
    assert.same({}, a:state())
  end)

  it("refuses what does not fit 64 bits", function()
    local a = g_counter.new()
    a:add("n1", MOST - 5)
    a:merge({ n2 = 3 })
    assert.is_truthy(a:add("n1", 2))
    local before = a:state()
    local result, err = a:add("n1", 1)
    assert.is_nil(result)
    assert.equal("abort", err.name)
    assert.equal(MOST .. " and 1 do not fit 64 bits", err.text)
    assert.same(before, a:state())
    assert.equal(MOST, a:value())
  end)

  it("merges what is too much together, and says so when it is read", function()
    local a = g_counter.new()
    a:add("n1", MOST)
    assert.is_true(a:merge({ n2 = MOST }))
    local value, err = a:value()
    assert.is_nil(value)
    assert.equal("abort", err.name)
    assert.equal("the sum of all replicas does not fit 64 bits", err.text)
    assert.is_nil((a:add("n1", 1))) -- its own part would not fit
  end)

  it("refuses states that are none, and is unchanged", function()
    local a = g_counter.new()
    a:add("n1", 5)
    crdt_lab.refuses(a, {
      ["7"] = "g_counter: expected an object of replica ids to integers from 0, got 7",
      ["null"] = "got null", ["[]"] = "got []", ["[1]"] = "got [1]", ['"n1"'] = 'got "n1"',
      ['{"n2":9,"n1":-1}'] = "integers from 0", ['{"n1":6.0}'] = "got {\"n1\":6.0}",
      ['{"n1":"6"}'] = "integers from 0", ['{"n1":null}'] = "integers from 0",
    })
  end)

  it("takes no negative delta, and says so at the caller's line", function()
    for _, delta in ipairs({ -1, 1.5, "1" }) do
      local ok, message = pcall(function() g_counter.new():add("n1", delta) end)
      assert.is_false(ok)
      assert.matches("crdt_counters_spec.lua:%d+: g_counter.add: expected a replica's id", message)
    end
    assert.has_error(function() g_counter.new():add(nil, 1) end)
  end)
end)

describe("pn_counter", function()
  crdt_lab.laws({ new = pn_counter.new, naive = naive, change = function(random)
    return "add", random:upto(10) - 6
  end })

  it("goes up and down, and below 0", function()
    local a, b = pn_counter.new(), pn_counter.new()
    assert.same({ p = { n1 = 3 }, n = {} }, a:add("n1", 3))
    assert.same({ p = {}, n = { n1 = 5 } }, a:add("n1", -5))
    assert.equal(-2, a:value())
    b:add("n2", -1)
    b:merge(a:state())
    assert.equal(-3, b:value())
  end)

  it("returns a part of the state that is enough for others", function()
    local a, b = pn_counter.new(), pn_counter.new()
    b:merge(a:add("n1", 7))
    b:merge(a:add("n1", -2))
    assert.same(a:state(), b:state())
  end)

  it("refuses what does not fit 64 bits, either way, and is unchanged", function()
    local a = pn_counter.new()
    a:add("n1", MOST)
    for _, delta in ipairs({ 1, LEAST }) do
      local result, err = a:add("n1", delta)
      assert.is_nil(result)
      assert.equal("abort", err.name)
      assert.equal(("%d and %d do not fit 64 bits"):format(MOST, delta), err.text)
    end
    assert.equal(MOST, a:value())
    assert.is_truthy(a:add("n1", -MOST))
    assert.equal(0, a:value())
    assert.is_truthy(a:add("n2", -MOST))
    assert.is_truthy(a:add("n3", -1))
    assert.equal(LEAST, a:value())
    assert.is_nil((a:add("n3", -1)))
    local _, err = a:add("n1", 5) -- the sum would fit, but n1 has been added too much
    assert.equal("abort", err.name)
    assert.equal(LEAST, a:value())
  end)

  it("is right where the sums on the way do not fit 64 bits", function()
    local a = pn_counter.new()
    a:merge({ p = { n1 = MOST, n2 = MOST, n3 = 7 }, n = { n1 = MOST, n4 = MOST } })
    assert.equal(7, a:value())
    a:merge({ p = { n5 = MOST }, n = {} })
    assert.is_nil((a:value()))
    assert.is_truthy(a:add("n6", -7)) -- can be brought back
    assert.equal(MOST, a:value())
  end)

  it("refuses states that are none, and is unchanged", function()
    local a = pn_counter.new()
    a:add("n1", 5)
    crdt_lab.refuses(a, {
      ["7"] = "pn_counter: expected an object with p and n, got 7", ["[]"] = "with p and n",
      ['{"p":{"n1":9}}'] = "an object with p and n", ['{"n":{}}'] = "an object with p and n",
      ['{"p":{"n1":9},"n":[]}'] = "an object of replica ids to integers from 0, got []",
      ['{"p":{"n1":9},"n":{"n1":-1}}'] = 'got {"n1":-1}',
      ['{"p":{"n1":9.5},"n":{}}'] = "integers from 0",
    })
  end)

  it("says what it expected, at the caller's line", function()
    for _, delta in ipairs({ 1.5, "1" }) do
      local ok, message = pcall(function() pn_counter.new():add("n1", delta) end)
      assert.is_false(ok)
      assert.matches("crdt_counters_spec.lua:%d+: pn_counter.add: expected a replica's id", message)
    end
  end)
end)

describe("sum", function()
  it("is exact, or nil when it does not fit 64 bits", function()
    assert.equal(0, sum({}))
    assert.equal(-3, sum({ -1, -2 }))
    assert.equal(1 << 40, sum({ 1 << 39, 1 << 39 }))
    for _, case in ipairs({ { MOST }, { LEAST }, { MOST, MOST, LEAST, LEAST, 2, -2 },
      { LEAST, -1, 1 }, { 4294967295, 4294967295 }, { -4294967296, 4294967295 } }) do
      local wrapped = 0
      for _, number in ipairs(case) do
        wrapped = wrapped + number
      end
      assert.equal(wrapped, sum(case))
    end
    for _, case in ipairs({ { MOST, 1 }, { LEAST, -1 }, { MOST, MOST }, { LEAST, LEAST },
      { MOST, MOST, MOST, MOST }, { LEAST, LEAST, LEAST, LEAST } }) do
      assert.is_nil(sum(case))
    end
  end)
end)
