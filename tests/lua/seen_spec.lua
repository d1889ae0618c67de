local json = require "hearsay.json"
local randoms = require "hearsay.random"
local seen = require "hearsay.seen"

local function filled(...)
  local set = seen.new()
  set:merge({ ... })
  return set
end

describe("seen", function()
  it("says of each value whether it is new", function()
    local set = seen.new()
    assert.is_true(set:add(7))
    assert.is_false(set:add(7))
    assert.is_true(set:add("7"))
    assert.is_true(set:has(7))
    assert.is_false(set:has(8))
    assert.equal(2, #set)
    assert.equal("seen: 2 values", tostring(set))
  end)

  it("tells values apart as JSON does", function()
    local values = {
      1, 1.0, "1", 0, -0.0, true, false, "true", json.null, "null", "", json.array(), {},
      { 1 }, { 1.0 }, { a = 1 }, { a = 1, b = 2 }, { { 1 } }, math.maxinteger, math.mininteger,
      2.0 ^ 63, "é", "a\0b", "a",
    }
    local set = seen.new()
    for i, value in ipairs(values) do
      assert.is_false(set:has(value), "value " .. i)
      assert.is_true(set:add(value), "value " .. i)
    end
    for i, value in ipairs(values) do
      assert.is_true(set:has(value), "value " .. i)
      assert.is_false(set:add(value), "value " .. i)
    end
    assert.equal(#values, #set)
  end)

  it("takes objects with other order of keys, and values as JSON text, for the same", function()
    local set = seen.new()
    assert.is_true(set:add(json.decode('{"a":1,"b":[2]}')))
    assert.is_false(set:add(json.decode('{"b":[2],"a":1}')))
    assert.is_false(set:add(json.raw('{"a":1,"b":[2]}')))
    assert.is_true(set:add(5))
    assert.is_false(set:add(json.raw("5")))
  end)

  it("counts up its version with each new value", function()
    local set = seen.new()
    assert.equal(0, set:version())
    set:add("a")
    set:add("a")
    set:add("b")
    assert.equal(2, set:version())
  end)

  it("has what was added after a version, for a body and as a table", function()
    local set = filled(5, "a", { x = 1 })
    local array, count = set:since(1)
    assert.same({ '["a",{"x":1}]', 2 }, { json.encode(array), count })
    array, count = set:since()
    assert.same({ '[5,"a",{"x":1}]', 3 }, { json.encode(array), count })
    array, count = set:since(3)
    assert.same({ "[]", 0 }, { json.encode(array), count })
    array, count = set:since(99)
    assert.same({ "[]", 0 }, { json.encode(array), count })
    assert.same({ "a", { x = 1 } }, set:values(1))
    assert.same({ 5, "a", { x = 1 } }, set:values())
    assert.same({}, set:values(99))
    assert.is_true(json.is_array(set:values(99)))
  end)

  it("hands out deltas that later values do not change", function()
    local set = filled(1, 2)
    local delta = set:since(1)
    for i = 3, 5000 do
      set:add(i)
    end
    assert.equal("[2]", json.encode(delta))
  end)

  it("stands in a body as the array of its values, however deep", function()
    local set = seen.new()
    assert.equal('{"messages":[]}', json.encode({ messages = set }))
    set:add(1)
    set:add("two")
    assert.equal('[{"m":[1,"two"]}]', json.encode({ { m = set } }))
  end)

  it("merges arrays and says how many values were new", function()
    local set = filled(1, 2)
    assert.equal(2, set:merge({ 2, 3, "x", 3 }))
    assert.equal(0, set:merge({}))
    assert.equal(0, set:merge(json.decode("[1,2,3]")))
    assert.same({ 1, 2, 3, "x" }, set:values())
  end)

  it("keeps what came before a value that has no JSON text", function()
    local set = seen.new()
    local ok, message = pcall(set.merge, set, { 1, print, 2 })
    assert.is_false(ok)
    assert.matches("cannot be in the set: cannot encode a function", message)
    assert.same({ 1 }, set:values())
    for _, value in ipairs({ print, 0 / 0, "\xff", { [true] = 1 } }) do
      ok, message = pcall(set.add, set, value)
      assert.is_false(ok)
      assert.matches("cannot be in the set", message)
      assert.is_false((pcall(set.has, set, value)))
    end
    assert.is_false((pcall(set.add, set)))
    assert.equal(1, #set)
  end)

  it("has equal digests for equal sets in whatever order they were filled", function()
    local a, b = filled(1, 2, "x", 2.5), filled(2.5, "x", 2, 1)
    for _, buckets in ipairs({ 1, 2, 64, 256 }) do
      assert.equal(buckets, #a:digest(buckets))
      assert.same(a:digest(buckets), b:digest(buckets))
    end
    assert.same(a:digest(64), a:digest())
    assert.same({ 0, 0 }, seen.new():digest(2))
    b:add(3)
    assert.not_same(a:digest(1), b:digest(1))
    assert.is_true(json.is_array(a:digest()))
  end)

  it("finds no difference between equal sets, and all of it with one bucket", function()
    local a, b = filled(1, 2, 3), filled(3, 2, 1)
    local array, count = a:difference(b:digest())
    assert.same({ "[]", 0 }, { json.encode(array), count })
    b:add(4)
    array, count = a:difference(b:digest(1))
    assert.same({ "[1,2,3]", 3 }, { json.encode(array), count })
  end)

  it("becomes the union of both where two exchange their differences", function()
    for seed = 1, 20 do
      local random = randoms.stream(seed, "seen")
      local a, b = seen.new(), seen.new()
      for value = 1, 400 do
        local side = random:upto(20)
        if side ~= 1 then
          a:add(value)
        end
        if side ~= 2 then
          b:add(value)
        end
      end
      local from_a, sent = a:difference(b:digest(256))
      local from_b = b:difference(a:digest(256))
      b:merge(json.decode(json.encode(from_a)))
      a:merge(json.decode(json.encode(from_b)))
      assert.same({ 400, 400 }, { #a, #b }, "seed " .. seed)
      assert.same(a:digest(), b:digest(), "seed " .. seed)
      assert(sent < 200, "seed " .. seed .. ": a digest should spare most values")
    end
  end)

  it("refuses arguments of the wrong kind", function()
    local set = filled(1)
    for _, case in ipairs({
      { set.since, set, -1, "expected a version, from 0" },
      { set.since, set, "x", "number expected" },
      { set.values, set, -1, "expected a version, from 0" },
      { set.digest, set, 3, "expected a power of two, from 1 to 256" },
      { set.digest, set, 0, "expected a power of two" },
      { set.digest, set, 512, "expected a power of two" },
      { set.difference, set, { 1, 2, 3 }, "expected a power of two" },
      { set.difference, set, {}, "expected a power of two" },
      { set.difference, set, { 1.5 }, "expected an array of integers" },
      { set.merge, set, 5, "table expected" },
      { set.add, {}, 5, "hearsay.seen expected" },
    }) do
      local ok, message = pcall(table.unpack(case, 1, 3))
      assert.is_false(ok)
      assert.matches(case[4], message)
    end
  end)

  it("survives the garbage collector with deltas in use", function()
    local delta
    do
      local set = seen.new()
      for i = 1, 1000 do
        set:add("value " .. i)
      end
      delta = set:since(998)
    end
    collectgarbage()
    collectgarbage()
    assert.equal('["value 999","value 1000"]', json.encode(delta))
  end)

  it("is no set any more for a finalizer that runs after its own", function()
    local message
    do
      local set = seen.new()
      setmetatable({ set }, { __gc = function(self)
        getmetatable(self[1]).__gc(self[1])
        message = select(2, pcall(debug.getregistry()["hearsay.seen"].__index.add, self[1], 1))
      end })
    end
    collectgarbage()
    collectgarbage()
    assert.matches("hearsay.seen expected, got userdata", message)
  end)
end)
