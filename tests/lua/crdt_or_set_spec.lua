local crdt_lab = dofile("tests/lua/crdt_lab.lua")(it, assert)
local json = require "hearsay.json"
local or_set = require "hearsay.crdt.or_set"

-- The type with a remove that takes a replica's id, which it does not need.
local function with_ids()
  local set = or_set.new()
  return setmetatable({ remove = function(_, _, element) return set:remove(element) end },
    { __index = function(_, verb)
      return function(_, ...) return set[verb](set, ...) end
    end })
end

-- The same by the book: each add has a tag, and each tag that was removed is kept for ever.
local function naive()
  local tags, removed, count = {}, {}, 0
  return {
    add = function(_, id, element)
      count = count + 1
      tags[id .. "-" .. count] = element
    end,
    remove = function(_, _, element)
      for tag, other in pairs(tags) do
        if other == element then removed[tag] = true end
      end
    end,
    state = function() return { tags = tags, removed = removed } end,
    merge = function(_, state)
      for tag, element in pairs(state.tags) do tags[tag] = element end
      for tag in pairs(state.removed) do removed[tag] = true end
    end,
    value = function()
      local is_there, list = {}, json.array()
      for tag, element in pairs(tags) do
        if not removed[tag] and not is_there[element] then
          is_there[element] = true
          list[#list + 1] = element
        end
      end
      table.sort(list)
      return list
    end,
  }
end

describe("or_set", function()
  crdt_lab.laws({ new = with_ids, naive = naive, change = function(random)
    return random:upto(3) > 1 and "add" or "remove", random:upto(5)
  end })

  local function copy(set)
    local other = or_set.new()
    other:merge(set:state())
    return other
  end

  it("adds, removes, and adds again", function()
    local set = or_set.new()
    assert.is_false(set:has("milk"))
    assert.is_true(set:add("n1", "milk"))
    assert.is_false(set:add("n1", "milk"))
    assert.is_true(set:has("milk"))
    assert.is_true(set:remove("milk"))
    assert.is_false(set:remove("milk"))
    assert.same({}, set:value())
    assert.is_true(set:add("n1", "milk"))
    assert.same({ "milk" }, set:value())
  end)

  it("has elements of any type, in the order of their texts", function()
    local set = or_set.new()
    for _, element in ipairs({ 2, 10, 1.0, 1, "1", json.null, false, { b = 1, a = { 2 } } }) do
      assert.is_true(set:add("n1", element))
    end
    assert.is_false(set:add("n1", { a = { 2 }, b = 1 }))
    assert.equal('["1",1,1.0,10,2,false,null,{"a":[2],"b":1}]', json.encode(set:value(), true))
    assert.equal("[]", json.encode(or_set.new():value()))
  end)

  it("lets an add win over a remove that did not see it", function()
    local a = or_set.new()
    a:add("n1", "x")
    local b = copy(a)
    a:remove("x")
    b:add("n2", "x") -- again, with another tag
    a:merge(b:state())
    b:merge(a:state())
    assert.is_true(a:has("x"))
    assert.is_true(b:has("x"))
  end)

  it("lets a remove win over the adds that it saw, however late their states come", function()
    local a = or_set.new()
    a:add("n1", "x")
    local old = a:state()
    local b = copy(a)
    b:remove("x")
    assert.is_true(a:merge(b:state()))
    assert.is_false(a:has("x"))
    assert.is_false(b:merge(old))
    assert.is_false(b:has("x"))
  end)

  it("keeps no trace of what is gone but one number a replica", function()
    local set = or_set.new()
    for i = 1, 100 do
      set:add("n" .. i % 2, i)
      set:remove(i)
    end
    assert.same({ seen = { n0 = 50, n1 = 50 }, entries = {} }, set:state())
    set:add("n1", 7)
    assert.same({ seen = { n0 = 50, n1 = 51 }, entries = { { 7, { n1 = 51 } } } }, set:state())
  end)

  it("refuses states that are none, and is unchanged", function()
    local set = or_set.new()
    set:add("n1", 5)
    crdt_lab.refuses(set, {
      ["7"] = "or_set: expected an object with seen and entries, an array, got 7",
      ['{"seen":{}}'] = "with seen and entries", ['{"seen":{},"entries":{}}'] = "entries, an array",
      ['{"seen":{"n1":-1},"entries":[]}'] = "or_set: seen: expected an object of replica ids",
      ['{"entries":[]}'] = "or_set: seen",
      ['{"seen":{"n1":9},"entries":[5]}'] = "entries of the form [element, dots], got 5",
      ['{"seen":{"n1":9},"entries":[[5]]}'] = "entries of the form",
      ['{"seen":{"n1":9},"entries":[[5,[]]]}'] = "or_set: dots: expected an object",
      ['{"seen":{"n1":9},"entries":[[5,{}]]}'] = "each element once, with at least one dot",
      ['{"seen":{"n1":9},"entries":[[5,{"n1":10}]]}'] = "dots from 1 up to what was seen",
      ['{"seen":{"n1":9},"entries":[[5,{"n1":0}]]}'] = "dots from 1 up to what was seen",
      ['{"seen":{"n1":9},"entries":[[5,{"n1":1}],[5,{"n1":2}]]}'] = "each element once",
    })
  end)

  it("refuses an add when a replica's numbers are used up", function()
    local set = or_set.new()
    set:merge({ seen = { n1 = math.maxinteger }, entries = json.array() })
    local result, err = set:add("n1", 5)
    assert.is_nil(result)
    assert.equal("abort", err.name)
    assert.is_false(set:has(5))
  end)

  it("says what it expected, at the caller's line", function()
    for _, call in ipairs({ function() or_set.new():add("n1") end,
      function() or_set.new():add(1, 2) end, function() or_set.new():remove() end }) do
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.matches("or_set_spec.lua:%d+: or_set.%a+: expected ", message)
    end
  end)
end)
