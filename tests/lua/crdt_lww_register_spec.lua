local crdt_lab = dofile("tests/lua/crdt_lab.lua")(it, assert)
local json = require "hearsay.json"
local register = require "hearsay.crdt.lww_register"

-- Keeps all writes, by time and id, and takes the greatest.
local function naive()
  local writes = {}
  local function newest()
    local greatest = "000 "
    for key in pairs(writes) do
      greatest = key > greatest and key or greatest
    end
    return greatest
  end
  return {
    set = function(_, id, value)
      writes[("%03d %s"):format(tonumber(newest():sub(1, 3)) + 1, id)] = value
    end,
    state = function() return writes end,
    merge = function(_, state)
      for key, value in pairs(state) do writes[key] = value end
    end,
    value = function() return writes[newest()] end,
  }
end

describe("lww_register", function()
  crdt_lab.laws({ new = register.new, naive = naive, change = function(random)
    return "set", random:upto(100)
  end })

  it("has no value, and then the one that was set last", function()
    local a = register.new()
    assert.is_nil(a:value())
    assert.same({}, a:state())
    assert.is_false(a:merge({}))
    a:set("n1", false)
    assert.is_false(a:value())
    a:set("n1", json.null)
    assert.equal(json.null, a:value())
    a:set("n1", { "x" })
    assert.same({ "x" }, a:value())
    assert.same({ value = { "x" }, stamp = { 3, "n1" } }, a:state())
  end)

  it("puts a write behind all that its writer has seen", function()
    local a, b = register.new(), register.new()
    for i = 1, 10 do
      a:set("n9", i)
    end
    b:set("n1", "old")
    b:merge(a:state())
    assert.equal(10, b:value())
    b:set("n1", "new")
    assert.is_true(a:merge(b:state()))
    assert.equal("new", a:value())
  end)

  it("takes the greater id where times are equal, and the greater text where stamps are", function()
    local function winner(one, other)
      local a = register.new()
      a:merge(one)
      a:merge(other)
      return a:value()
    end
    local low, high = { value = 9, stamp = { 3, "n1" } }, { value = 1, stamp = { 3, "n2" } }
    assert.equal(1, winner(low, high))
    assert.equal(1, winner(high, low))
    local one, other = { value = "a", stamp = { 3, "n1" } }, { value = "b", stamp = { 3, "n1" } }
    assert.equal("b", winner(one, other))
    assert.equal("b", winner(other, one))
  end)

  it("refuses states that are none, and is unchanged", function()
    local a = register.new()
    a:set("n1", 5)
    crdt_lab.refuses(a, {
      ["7"] = "lww_register: expected an object with a value and a stamp, or without both, got 7",
      ["[]"] = "with a value and a stamp", ['{"value":1}'] = "with a value and a stamp",
      ['{"stamp":[9,"n1"]}'] = "with a value and a stamp",
      ['{"value":1,"stamp":9}'] = "a stamp, [a time from 0 below 2^62, a node's id], got 9",
      ['{"value":1,"stamp":[9]}'] = "a stamp", ['{"value":1,"stamp":[9.0,"n1"]}'] = "a stamp",
      ['{"value":1,"stamp":[9,7]}'] = "a stamp", ['{"value":1,"stamp":[9,"n1",1]}'] = "a stamp",
      ['{"value":1,"stamp":[-1,"n1"]}'] = "a stamp",
      ['{"value":1,"stamp":[9223372036854775807,"n1"]}'] = "below 2^62",
    })
    a:set("n1", 6)
    assert.same({ 2, "n1" }, a:state().stamp)
  end)

  it("says what it expected, at the caller's line", function()
    local ok, message = pcall(function() register.new():set("n1") end)
    assert.is_false(ok)
    assert.matches("register_spec.lua:%d+: lww_register.set: expected a replica's id", message)
  end)
end)
