local json = require "hearsay.json"
local randoms = require "hearsay.random"

local function raised(fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  return message
end

describe("json.encode", function()
  it("writes each kind of value", function()
    for text, value in pairs({
      ["1"] = 1, ["-7"] = -7, ["1.0"] = 1.0, ["0.1"] = 0.1, ["-0.0"] = -0.0, ["1e300"] = 1e300,
      ["9223372036854775807"] = math.maxinteger, ["-9223372036854775808"] = math.mininteger,
      ["true"] = true, ["false"] = false, ["null"] = json.null, ['"é"'] = "é", ['""'] = "",
      ["[1,2,3]"] = { 1, 2, 3 }, ['{"a":1}'] = { a = 1 }, ["{}"] = {}, ["[]"] = json.array(),
      ["[[],{}]"] = { json.array({}), {} }, ['{"a":[{"b":null}]}'] = { a = { { b = json.null } } },
    }) do
      assert.equal(text, json.encode(value))
    end
  end)

  it("escapes what must be, and leaves the rest", function()
    assert.equal([["\"\\\b\f\n\r\t\u0000\u001f/]] .. "\127€😀\"",
      json.encode('"\\\b\f\n\r\t\0\31/\127€😀'))
  end)

  it("sorts keys by bytes when told so, all the way down", function()
    local value = { b = 1, a = { z = 1, Z = 2, ["é"] = 3, [""] = 4 }, [("k"):rep(40)] = 5 }
    assert.equal('{"a":{"":4,"Z":2,"z":1,"é":3},"b":1,"' .. ("k"):rep(40) .. '":5}',
      json.encode(value, true))
  end)

  it("names the path to what has no JSON text", function()
    local loop = {}
    loop.l = loop
    for _, case in ipairs({
      { print, "^cannot encode a function$" },
      { { messages = { 1, 2, { x = print } } }, "^messages%[3%]%.x: cannot encode a function$" },
      { { a = { 1 / 0 } }, "^a%[1%]: JSON has no number for infinity or nan$" },
      { { a = 0 / 0 }, "^a: JSON has no number for infinity or nan$" },
      { { "\xff" }, "^%[1%]: a string that is not valid UTF%-8$" },
      { { ["\xff"] = 1 }, "a string that is not valid UTF%-8$" },
      { { [true] = 1 }, "object keys must be strings" },
      { { [2] = "b" }, "object keys must be strings, and arrays must be 1%.%.n without holes$" },
      { { 1, 2, x = 3 }, "an array that also has other keys" },
      { json.array({ x = 3 }), "an array that also has other keys" },
      { { 1, 2, nil, 4 }, "^%[3%]: cannot encode a nil$" },
      { loop, "nested too deeply %(does a table contain itself%?%)$" },
      { { io.stdout }, "^%[1%]: cannot encode this userdata$" },
      { { coroutine.create(print) }, "^%[1%]: cannot encode a thread$" },
    }) do
      assert.matches(case[2], raised(json.encode, case[1]))
      assert.matches(case[2], raised(json.encode, case[1], true))
    end
    assert.matches("bad argument #1 to '.*encode' %(value expected%)", raised(json.encode))
  end)

  it("does not ask metatables: what is written is what the table has", function()
    local value = setmetatable({ a = 1 }, { __index = { b = 2 }, __pairs = error, __len = error })
    assert.equal('{"a":1}', json.encode(value))
  end)
end)

describe("json.decode", function()
  it("keeps integers of 64 bits, and tells them from floats", function()
    for _, case in ipairs({
      { "9223372036854775807", math.maxinteger }, { "-9223372036854775808", math.mininteger },
      { "9007199254740993", 9007199254740993 }, { "0", 0 }, { "-1", -1 }, { "1.0", 1.0 },
      { "1e3", 1000.0 }, { "0.1", 0.1 }, { "1e-400", 0.0 },
    }) do
      local value = json.decode(case[1])
      assert.same({ case[2], math.type(case[2]) }, { value, math.type(value) })
    end
  end)

  it("keeps arrays and objects apart, empty ones too", function()
    local value = json.decode('{"a":[],"o":{},"n":null,"s":"\\u00e9\\ud83d\\ude00"}')
    assert.is_true(json.is_array(value.a))
    assert.is_false(json.is_array(value.o))
    assert.is_false(json.is_array(value))
    assert.equal(json.null, value.n)
    assert.equal("é😀", value.s)
    assert.equal('{"a":[],"n":null,"o":{},"s":"é😀"}', json.encode(value, true))
  end)

  it("says what is wrong and at which byte, and does not raise", function()
    for _, case in ipairs({
      { "", 0 }, { "{", 1 }, { "[1,]", 3 }, { '{"a" 1}', 5 }, { "[1] x", 4 }, { "nul", 0 },
      { "01", 0 }, { '"\xff"', 1 }, { '"\\ud800"', 1 }, { "[\0]", 1 }, { "NaN", 0 },
      { "9223372036854775808", 0 }, { "[1e400]", 1 },
    }) do
      local value, message = json.decode(case[1])
      assert.is_nil(value)
      assert.matches("byte " .. case[2] .. ": %w", message)
    end
    assert.is_nil((json.decode(("["):rep(129) .. ("]"):rep(129))))
    assert.is_table(json.decode(("["):rep(128) .. ("]"):rep(128)))
  end)

  it("takes the last of two equal keys, or none when they must be unique", function()
    assert.same({ a = 2 }, json.decode('{"a":1,"a":2}'))
    local value, message = json.decode('{"a":1,"a":2}', true)
    assert.is_nil(value)
    assert.equal("byte 7: the same key twice in one object", message)
    assert.same({ a = 1, b = { a = 2 } }, json.decode('{"a":1,"b":{"a":2}}', true))
  end)

  it("wants a string", function()
    assert.matches("string expected", raised(json.decode, nil))
    assert.matches("string expected", raised(json.decode, 5))
  end)
end)

describe("json.array", function()
  it("marks the table that it is given, or a new one", function()
    local t = { 1 }
    assert.equal(t, json.array(t))
    assert.is_true(json.is_array(t))
    assert.is_true(json.is_array(json.array()))
    assert.is_true(json.is_array(json.array(nil)))
    assert.is_false(json.is_array({ 1 }))
    assert.is_false(json.is_array("[]"))
    assert.matches("table expected", raised(json.array, 5))
  end)
end)

describe("json.raw", function()
  it("is spliced in as it is", function()
    assert.equal('{"a":[1, 2 ,{}]}', json.encode({ a = json.raw("[1, 2 ,{}]") }))
    assert.equal("7", json.encode(json.raw("7")))
  end)

  it("takes nothing but one line that is one JSON value", function()
    for _, text in ipairs({ "", "{", "1 2", "[1,]", "nul" }) do
      assert.matches("json.raw: not JSON: byte %d+: ", raised(json.raw, text))
    end
    assert.matches("may have no newline", raised(json.raw, "[1,\n2]"))
    assert.matches("string expected", raised(json.raw, {}))
  end)
end)

describe("json", function()
  local function random_value(random, depth)
    local kind = random:upto(depth > 3 and 5 or 7)
    if kind == 1 then
      return math.tointeger((random:upto(1 << 62) << 1) ~ random:upto(3)) >> random:upto(63)
    elseif kind == 2 then
      return (random:unit() - 0.5) * 10.0 ^ (random:upto(600) - 300)
    elseif kind == 3 then
      return random:upto(2) == 1
    elseif kind == 4 then
      return json.null
    elseif kind == 5 then
      local chars = {}
      for i = 1, random:upto(8) - 1 do
        chars[i] = utf8.char(random:upto(3) == 1 and random:upto(0xd7ff) or random:upto(127))
      end
      return table.concat(chars)
    end
    local value = kind == 6 and json.array() or {}
    for i = 1, random:upto(5) - 1 do
      value[kind == 6 and i or "k" .. random:upto(1000)] = random_value(random, depth + 1)
    end
    return value
  end

  it("gives back what it was given", function()
    for seed = 1, 200 do
      local random = randoms.stream(seed, "json")
      local text = json.encode(random_value(random, 0), true)
      local value, message = json.decode(text, true)
      assert(value ~= nil, ("seed %d: %s"):format(seed, message))
      assert.equal(text, json.encode(value, true), "seed " .. seed)
    end
  end)
end)
