-- sim.checkers.unique_ids.

local history = dofile("tests/lua/history.lua")
local unique_ids = require "sim.checkers.unique_ids"
local value = require "sim.checkers.value"

describe("unique-ids", function()
  local h
  before_each(function()
    h = history.new()
  end)

  it("is valid where all ids differ", function()
    h:did(10, "n1", "generate", nil, 3)
    h:did(20, "n2", "generate", nil, 1)
    h:info(h:invoke(30, "n1", "generate"), 40)
    assert.same({
      ["valid?"] = true, ["attempted-count"] = 3, ["acknowledged-count"] = 2,
      ["duplicated-count"] = 0, duplicated = {}, ["worst-duplicated"] = value.array({}),
      range = value.array({ 1, 3 }),
    }, unique_ids.check(h.ops))
  end)

  it("finds an id that was handed out twice, and who did", function()
    h:did(10, "n1", "generate", nil, "a")
    h:did(20, "n2", "generate", nil, "b")
    h:did(30, "n3", "generate", nil, "a")
    local result = unique_ids.check(h.ops)
    assert.is_false(result["valid?"])
    assert.same({ 1, { ['"a"'] = 2 } }, { result["duplicated-count"], result.duplicated })
    assert.same({
      element = "a", count = 2, ["given-by"] = value.array({
        { process = 1, node = "n1", time = 11000000 },
        { process = 3, node = "n3", time = 31000000 },
      }),
    }, result["worst-duplicated"][1])
  end)

  it("tells JSON values apart, and finds equal arrays and objects", function()
    for i, id in ipairs({ 1, 1.0, "1", true, "true", { 1 }, { a = 1 }, { a = 1.0 } }) do
      h:did(i, "n1", "generate", nil, id)
    end
    assert.is_true(unique_ids.check(h.ops)["valid?"])
    h:did(20, "n1", "generate", nil, { 1 })
    h:did(21, "n1", "generate", nil, { a = 1 })
    assert.same({ ["[1]"] = 2, ['{"a":1}'] = 2 }, unique_ids.check(h.ops).duplicated)
  end)

  it("does not count ids of replies that were no success", function()
    h:did(10, "n1", "generate", nil, 1)
    local op = h:invoke(20, "n1", "generate")
    op.result = 1
    h:info(op, 21)
    assert.is_true(unique_ids.check(h.ops)["valid?"])
  end)

  it("lists the worst 48, eight of them in detail", function()
    for id = 1, 60 do
      for i = 1, id == 33 and 12 or 2 do
        h:did(id + i, "n1", "generate", nil, id)
      end
    end
    local result = unique_ids.check(h.ops)
    local listed = 0
    for _ in pairs(result.duplicated) do
      listed = listed + 1
    end
    assert.same({ 60, 48, 8 }, { result["duplicated-count"], listed, #result["worst-duplicated"] })
    local worst = result["worst-duplicated"]
    assert.same({ 33, 12, 8, 1, 2 }, { worst[1].element, worst[1].count, #worst[1]["given-by"],
      worst[2].element, worst[3].element })
    assert.is_nil(result.duplicated["60"])
  end)

  it("is unknown where nothing was handed out", function()
    assert.equal("unknown", unique_ids.check({})["valid?"])
    h:fail(h:invoke(10, "n1", "generate"), 11)
    local result = unique_ids.check(h.ops)
    assert.same({ "unknown", 1 }, { result["valid?"], result["attempted-count"] })
    assert.is_nil(result.range)
  end)
end)
