local crdt_lab = dofile("tests/lua/crdt_lab.lua")(it, assert)
local g_set = require "hearsay.crdt.g_set"
local json = require "hearsay.json"

-- The type with verbs that take a replica's id, which it does not need.
local function with_ids()
  local set = g_set.new()
  return {
    add = function(_, _, element) return set:add(element) end,
    state = function() return set:state() end,
    merge = function(_, state) return set:merge(state) end,
    value = function()
      local list = set:value()
      table.sort(list)
      return list
    end,
  }
end

local function naive()
  local elements = {}
  local function list()
    local sorted = json.array()
    for element in pairs(elements) do
      sorted[#sorted + 1] = element
    end
    table.sort(sorted)
    return sorted
  end
  return {
    add = function(_, _, element) elements[element] = true end,
    state = list,
    value = list,
    merge = function(_, state)
      for _, element in ipairs(state) do elements[element] = true end
    end,
  }
end

describe("g_set", function()
  crdt_lab.laws({ new = with_ids, naive = naive, is_unordered = true, change = function(random)
    return "add", random:upto(12)
  end })

  it("has what was added, each once, of any type", function()
    local set = g_set.new()
    for _, element in ipairs({ 1, 1.0, "1", false, json.null }) do
      assert.is_false(set:has(element))
      assert.is_true(set:add(element))
      assert.is_false(set:add(element))
      assert.is_true(set:has(element))
    end
    assert.equal('[1,1.0,"1",false,null]', json.encode(set:state()))
    assert.same({ 1, 1.0, "1", false, json.null }, set:value())
    assert.equal("[]", json.encode(g_set.new():state()))
  end)

  it("tells what came after a version, as a state", function()
    local a, b = g_set.new(), g_set.new()
    a:add(1)
    local version = a:version()
    a:add(2)
    assert.is_true(b:merge(json.decode(json.encode(a:since(version)))))
    assert.same({ 2 }, b:value())
  end)

  it("refuses states that are none, and is unchanged", function()
    local set = g_set.new()
    set:add(5)
    crdt_lab.refuses(set, { ["7"] = "g_set: expected an array of elements, got 7",
      ["{}"] = "got {}", ["null"] = "got null", ['{"a":[1]}'] = "an array of elements" })
  end)
end)
