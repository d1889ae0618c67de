-- hearsay.registers: last writer wins, by key.

local json = require "hearsay.json"
local randoms = require "hearsay.random"

-- The module asks its node for names of writers; here they are.
local before, given = package.loaded["hearsay.ids"], 0
package.loaded["hearsay.ids"] = { counter = function()
  given = given + 1
  return "n0-" .. given
end }
local registers = require "hearsay.registers"
package.loaded["hearsay.ids"], package.loaded["hearsay.registers"] = before, nil

local function unit(text)
  return json.decode(text)
end

-- What each key holds, as text in the order of keys.
local function state(values)
  local keys, texts = {}, {}
  for _, write in ipairs(values:all()) do
    keys[#keys + 1] = write[1]
  end
  table.sort(keys)
  for i, key in ipairs(keys) do
    texts[i] = key .. "=" .. json.encode(values:get(key))
  end
  return table.concat(texts, " ")
end

describe("registers", function()
  it("hold what was written, and nothing else", function()
    local values = registers.new()
    assert.is_nil(values:get(1))
    values:write({ { 1, "a" }, { "1", "b" }, { 2, false }, { 3, json.null } })
    assert.same({ "a", "b", false, json.null },
      { values:get(1), values:get("1"), values:get(2), values:get(3) })
    values:write({ { 1, "c" } })
    assert.equal("c", values:get(1))
  end)

  it("give what is written in one step one stamp, greater than all that was seen", function()
    local values = registers.new()
    local first = values:write({ { 1, "a" }, { 2, "b" } })
    assert.equal(first[1][3], first[2][3])
    assert.equal(1, first[1][3][1])
    assert.matches("^n0%-%d+$", first[1][3][2])
    assert.same({}, table.move(values:write({}), 1, 9, 1, {}))
    assert.equal(2, values:write({ { 1, "a" } })[1][3][1])
    values:merge(unit('[[9,0,[70,"n1.a"]]]'))
    values:merge(unit('[[9,0,[60,"n1.a"]]]'))
    assert(values:write({ { 1, "x" } })[1][3][1] > 70)
  end)

  it("tell one start of a node from another", function()
    local one, two = registers.new(), registers.new()
    local a, b = one:write({ { 1, "a" } }), two:write({ { 1, "b" } })
    assert.equal(a[1][3][1], b[1][3][1])
    assert.not_equal(a[1][3][2], b[1][3][2])
    one:merge(b)
    two:merge(a)
    assert.equal(one:get(1), two:get(1))
  end)

  it("keep the later of two writes: the greater clock, and then the greater writer", function()
    local values = registers.new()
    values:merge(unit('[[1,"a",[5,"n1.a"]]]'))
    for text, expected in pairs({
      ['[[1,"b",[4,"n9.a"]]]'] = "a", ['[[1,"b",[5,"n0.a"]]]'] = "a",
      ['[[1,"b",[5,"n1.a"]]]'] = "a", ['[[1,"b",[5,"n1.b"]]]'] = "b",
      ['[[1,"b",[6,"n0.a"]]]'] = "b",
    }) do
      local other = registers.new()
      other:merge(values:all())
      local news = other:merge(unit(text))
      assert.same({ expected, expected == "b" and 1 or 0 }, { other:get(1), #news })
    end
  end)

  it("say what was news", function()
    local values = registers.new()
    values:merge(unit('[[1,"a",[5,"n1.a"]]]'))
    local news = values:merge(unit('[[1,"b",[3,"n1.a"]],[2,"c",[3,"n1.a"]]]'))
    assert.equal('[[2,"c",[3,"n1.a"]]]', json.encode(news))
    assert.equal("[]", json.encode(values:merge(news)))
  end)

  it("come to the same in any order, any grouping and any number of times", function()
    local random = randoms.stream(7, "registers")
    for _ = 1, 50 do
      local units = {}
      for i = 1, 12 do
        units[i] = json.array({})
        for at = 1, random:upto(3) do
          -- A stamp stands for one value only.
          local clock, writer, key = random:upto(4), "n" .. random:upto(3), random:upto(4)
          units[i][at] = json.array({ key, clock .. writer, json.array({ clock, writer }) })
        end
      end
      local expected
      for _ = 1, 6 do
        local parts = { registers.new(), registers.new() }
        for _ = 1, 2 do -- each unit twice at least, here or there
          local order = table.move(units, 1, #units, 1, {})
          while order[1] do
            parts[random:upto(2)]:merge(table.remove(order, random:upto(#order)))
          end
        end
        parts[1]:merge(parts[2]:all())
        expected = expected or state(parts[1])
        assert.equal(expected, state(parts[1]))
      end
    end
  end)

  it("travel in parts, and are applied with the last", function()
    local big, other = registers.new(), registers.new()
    local pairs_written = {}
    for i = 1, 1201 do
      pairs_written[i] = { i, i * 2 }
    end
    local parts = registers.parts(big:write(pairs_written))
    assert.equal(13, #parts)
    for i, part in ipairs(parts) do
      assert.is_true(#part.writes <= 100)
      assert.is_nil(other:get(1))
      local news = other:take("n0", json.decode(json.encode(part)))
      assert.equal(i == 13 and 1201 or 0, #news)
    end
    assert.equal(state(big), state(other))
    assert.same({}, registers.parts(unit("[]")))
    assert.equal('[{"writes":[[1,"a",[5,"n1.a"]]]}]',
      (json.encode(json.array(registers.parts(unit('[[1,"a",[5,"n1.a"]]]'))))))
  end)

  it("keep the parts of senders apart, and begin anew with a first part", function()
    local values = registers.new()
    local function part(number, of, key)
      return { part = number, of = of, writes = unit(('[[%d,"x",[5,"n1.a"]]]'):format(key)) }
    end
    values:take("n1", part(1, 2, 1))
    values:take("n2", part(1, 2, 2))
    values:take("n2", part(2, 2, 3))
    assert.equal('2="x" 3="x"', state(values))
    values:take("n1", part(1, 2, 4)) -- n1 was restarted meanwhile
    values:take("n1", part(2, 2, 5))
    assert.equal('2="x" 3="x" 4="x" 5="x"', state(values))
    values:take("n1", { writes = unit('[[6,"x",[5,"n1.a"]]]') })
    assert.equal('2="x" 3="x" 4="x" 5="x" 6="x"', state(values))
  end)

  it("refuse what is no unit, and stay as they were", function()
    local values = registers.new()
    for text, expected in pairs({
      ["7"] = "a list of writes, got 7", ["{}"] = "a list of writes",
      ["[7]"] = "a write [key, value, [time, writer]], got 7",
      ["[[1,2]]"] = "a write", ['[[1,2,[-1,"n1"]]]'] = "a write", ["[[1,2,3]]"] = "a write",
      ['[[1,2,[1.5,"n1"]]]'] = "a write", ["[[1,2,[3,4]]]"] = "a write",
      ['[[1.5,2,[3,"n1"]]]'] = "a write", ['[[1,2,[3,"n1"],4]]'] = "a write",
      ['[[1,2,[9223372036854775807,"n1"]]]'] = "a write",
    }) do
      local good_first = text:find("^%[%[") and '[[8,8,[8,"n1"]],' .. text:sub(2) or text
      for _, take in ipairs({
        function() values:merge(unit(good_first)) end,
        function() values:take("n1", { writes = unit(good_first) }) end,
      }) do
        local ok, err = pcall(take)
        assert.is_false(ok)
        assert.equal("malformed_request", err.name)
        assert.matches("expected " .. expected, err.text, 1, true)
      end
    end
    assert.same({ "", 0 }, { state(values), values.clock.time })
  end)

  it("refuse a part that does not follow", function()
    local values = registers.new()
    for _, part in ipairs({ { "x", 2 }, { 2, 2 }, { 1.5, 2 }, { 0, 1 } }) do
      local ok, err = pcall(values.take, values, "n1",
        { writes = unit('[[1,2,[3,"n1"]]]'), part = part[1], of = part[2] })
      assert.is_false(ok)
      assert.matches("expected the next part of a unit, or the first", err.text, 1, true)
    end
    values:take("n1", { writes = unit('[[1,2,[3,"n1"]]]'), part = 1, of = 3 })
    assert.is_false(pcall(values.take, values, "n1",
      { writes = unit('[[2,2,[3,"n1"]]]'), part = 3, of = 3 }))
    assert.is_false(pcall(values.take, values, "n1",
      { writes = unit('[[2,2,[3,"n1"]]]'), part = 2, of = 2 }))
    values:take("n1", { writes = unit('[[2,2,[3,"n1"]]]'), part = 2, of = 3 })
    values:take("n1", { writes = unit('[[3,2,[3,"n1"]]]'), part = 3, of = 3 })
    assert.equal("1=2 2=2 3=2", state(values))
    assert.is_false(pcall(values.take, values, "n1",
      { writes = unit('[[4,2,[3,"n1"]]]'), part = 3, of = 3 }))
  end)
end)
