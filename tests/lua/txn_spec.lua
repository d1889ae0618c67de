-- hearsay.txn: micro-operations checked and run.

local json = require "hearsay.json"
local txn = require "hearsay.txn"

-- Runs the JSON text of a transaction on a state.
local function run(text, state, kinds)
  return txn.run(json.decode(text), function(key) return (state or {})[key] end, kinds)
end

local function refused(name, text, ...)
  local ok, err = pcall(run, text, ...)
  assert.is_false(ok)
  assert.equal(name, err.name)
  return err.text
end

describe("a transaction", function()
  it("reads the state, null where there is nothing", function()
    local done, writes = run('[["r",1,null],["r","1",null],["r",2,null]]', { [1] = 5, ["1"] = "x" })
    assert.equal('[["r",1,5],["r","1","x"],["r",2,null]]', json.encode(done))
    assert.same({}, writes)
  end)

  it("reads what it wrote itself, and not what it writes later", function()
    local done = run('[["r",1,null],["w",1,6],["r",1,null],["w",1,7],["r",1,null]]', { 5 })
    assert.equal('[["r",1,5],["w",1,6],["r",1,6],["w",1,7],["r",1,7]]', json.encode(done))
  end)

  it("returns each key that it writes once, with its last value, and changes nothing", function()
    local state = { 5 }
    local _, writes = run('[["w",2,1],["w",1,6],["w",2,3],["w",3,false]]', state)
    assert.same({ { 2, 3 }, { 1, 6 }, { 3, false } }, writes)
    assert.same({ 5 }, state)
  end)

  it("keeps false and null as values", function()
    local done, writes = run('[["w",1,null],["r",1,null],["w",2,false],["r",2,null],["r",3,null]]',
      { 5, 5, false })
    assert.equal('[["w",1,null],["r",1,null],["w",2,false],["r",2,false],["r",3,false]]',
      json.encode(done))
    assert.same({ { 1, json.null }, { 2, false } }, writes)
  end)

  it("appends to lists, which stay as they were", function()
    local list = json.array({ 1, 2 })
    local done, writes = run(
      '[["append",1,3],["r",1,null],["append",1,4],["append",9,1],["r",9,null]]', { list })
    assert.equal('[["append",1,3],["r",1,[1,2,3]],["append",1,4],["append",9,1],["r",9,[1]]]',
      json.encode(done))
    assert.same({ 1, 2, 3, 4 }, table.move(writes[1][2], 1, 9, 1, {}))
    assert.same({ 1, 2 }, table.move(list, 1, 9, 1, {}))
  end)

  it("may be empty", function()
    local done, writes = run("[]")
    assert.equal("[]", json.encode(done))
    assert.same({}, writes)
  end)

  it("is refused with what was expected", function()
    local forms = '["r", key, null] or ["w", key, value] or ["append", key, element]'
    for _, bad in ipairs({ '["x",1,2]', '["r",1]', '["r"]', "[]", '["w",1]', '["w",1,2,3]',
      '["r",1,5]', "7", '"r"', "null", '{"r":1}', "[1,1,1]" }) do
      local text = refused("malformed_request", '[["w",5,5],' .. bad .. "]")
      assert.matches("operation 2: expected " .. forms, text, 1, true)
      assert.matches("got " .. bad:sub(1, 5), text, 1, true)
    end
    for _, key in ipairs({ "1.5", "1.0", "null", "true", "[1]", "{}" }) do
      assert.matches("operation 1: expected a key that is an integer or a string, got " .. key,
        refused("malformed_request", '[["r",' .. key .. ",null]]"), 1, true)
    end
    assert.matches('expected a list of ["r", key, null] or', refused("malformed_request", "{}"), 1,
      true)
  end)

  it("is refused where a kind of operation may not come", function()
    assert.matches('expected ["r", key, null] or ["w", key, value], got ["append",1,2]',
      refused("malformed_request", '[["append",1,2]]', {}, { "r", "w" }), 1, true)
  end)

  it("is refused where an append goes to what is no list", function()
    assert.matches("operation 2: key 1 has no list but 5",
      refused("precondition_failed", '[["w",2,1],["append",1,2]]', { 5 }), 1, true)
    refused("precondition_failed", '[["append",1,2]]', { { a = 1 } })
  end)
end)
