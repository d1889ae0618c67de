local json = require "hearsay.json"
local logs = require "hearsay.log"
local randoms = require "hearsay.random"

local function filled(key, entries)
  local log = logs.new()
  for offset, value in pairs(entries) do
    assert.is_true(log:insert(key, offset, value))
  end
  return log
end

-- What a read returns, with the array as text.
local function reading(log, ...)
  local array, count, next_offset = log:read(...)
  return { json.encode(array), count, next_offset }
end

describe("log", function()
  it("appends at the next free offset of each key", function()
    local log = logs.new()
    assert.equal(0, log:append("a", "x"))
    assert.equal(1, log:append("a", "y"))
    assert.equal(0, log:append("b", "x"))
    assert.is_true(log:insert("a", 7, "z"))
    assert.equal(8, log:append("a", "z"))
    assert.equal(5, #log)
    assert.equal("log: 5 entries of 2 keys", tostring(log))
  end)

  it("keeps one value at an offset, in whatever order offsets come", function()
    local log = logs.new()
    assert.is_true(log:insert("a", 5, { x = 1, y = 2 }))
    assert.is_true(log:insert("a", 3, 10))
    assert.is_false(log:insert("a", 5, json.decode('{"y":2,"x":1}')))
    assert.is_false(log:insert("a", 3, 10))
    local ok, message = log:insert("a", 3, 10.0)
    assert.is_nil(ok)
    assert.equal("offset 3 of a holds another value", message)
    assert.is_nil((log:insert("a", 5, { x = 1, y = 3 })))
    assert.is_true(log:insert("b", 3, 10.0))
    assert.same({ '[[3,10],[5,{"x":1,"y":2}]]', 2, 6 }, reading(log, "a"))
  end)

  it("keeps anything that JSON can say", function()
    local values = {
      1, 1.0, "1", -0.0, true, false, json.null, "", json.array(), {}, { 1, { 2 } }, "é\0\n",
      { a = { b = json.null } }, math.maxinteger, math.mininteger, 2.0 ^ 63, json.raw("[1.50]"),
    }
    local log = logs.new()
    local texts = {}
    for i, value in ipairs(values) do
      assert.equal(i - 1, log:append("k", value))
      texts[i] = ("[%d,%s]"):format(i - 1, json.encode(value))
    end
    local expected = "[" .. table.concat(texts, ",") .. "]"
    assert.same({ expected, #values, #values }, reading(log, "k"))
    assert.same(json.decode(expected), log:entries("k"))
  end)

  it("reads from an offset, at most so many, below another", function()
    local log = filled("k", { [10] = "a", [20] = "b", [30] = "c", [40] = "d" })
    assert.same({ '[[10,"a"],[20,"b"],[30,"c"],[40,"d"]]', 4, 41 }, reading(log, "k"))
    assert.same({ '[[20,"b"],[30,"c"]]', 2, 31 }, reading(log, "k", 11, 2))
    assert.same({ '[[20,"b"],[30,"c"]]', 2, 31 }, reading(log, "k", 20, nil, 40))
    assert.same({ '[[20,"b"]]', 1, 21 }, reading(log, "k", 20, 1, 40))
    assert.same({ "[]", 0, 41 }, reading(log, "k", 41))
    assert.same({ "[]", 0, 5 }, reading(log, "k", 5, 0))
    assert.same({ "[]", 0, 5 }, reading(log, "k", 5, 9, -3))
    assert.same({ "[]", 0, 5 }, reading(log, "other", 5))
    assert.same({ { 20, "b" }, { 30, "c" } }, log:entries("k", 20, 5, 40))
    assert.is_true(json.is_array(log:entries("k", 99)))
  end)

  it("reads what stands in a body as it was when it was read", function()
    local log = filled("k", { [1] = "a" })
    local array = log:read("k")
    log:append("k", "b")
    assert.equal('{"msgs":{"k":[[1,"a"]]}}', json.encode({ msgs = { k = array } }))
    assert.equal('[[1,"a"]]', tostring(array))
    assert.equal(1, #array)
    log = nil -- luacheck: ignore
    collectgarbage()
    assert.equal('[[1,"a"]]', json.encode(array))
  end)

  it("takes what another log sent", function()
    local from = filled("k", { [2] = "a", [4] = { 1 } })
    local to = filled("k", { [3] = "b", [4] = { 1 } })
    for _, entry in ipairs(json.decode(json.encode((from:read("k"))))) do
      assert.equal(entry[1] ~= 4, to:insert("k", entry[1], entry[2]))
    end
    assert.same({ '[[2,"a"],[3,"b"],[4,[1]]]', 3, 5 }, reading(to, "k"))
  end)

  it("says what a key has", function()
    local log = filled("a", { [3] = 1, [9] = 1 })
    assert.same({ 9, 2 }, { log:last("a"), log:count("a") })
    assert.is_nil(log:last("b"))
    assert.equal(0, log:count("b"))
    assert.same({ "a" }, log:keys())
    assert.equal(0, #logs.new())
    assert.equal("[]", json.encode(logs.new():keys()))
  end)

  it("lists keys of any bytes in their order", function()
    local log = logs.new()
    for _, key in ipairs({ "k2", "", "\xff", "a\0b", "k10", "a" }) do
      log:append(key, key == "" and "empty" or 1)
    end
    log:commit("committed", 0)
    assert.same({ "", "a", "a\0b", "committed", "k10", "k2", "\xff" }, log:keys())
    assert.same({ '[[0,"empty"]]', 1, 1 }, reading(log, ""))
    assert.equal(1, log:count("a\0b"))
  end)

  it("has committed offsets that only grow", function()
    local log = logs.new()
    assert.is_nil(log:committed("k"))
    assert.equal(4, log:commit("k", 4))
    assert.equal(4, log:commit("k", 0))
    assert.equal(4, log:committed("k"))
    assert.equal(5, log:commit("k", 5))
    assert.equal(0, log:commit("other", 0))
    assert.equal(0, log:committed("other"))
    assert.is_nil(log:last("k"))
  end)

  it("has no offset above 2^63 - 2", function()
    local log = logs.new()
    assert.is_true(log:insert("k", math.maxinteger - 1, "last"))
    local offset, message = log:append("k", "one more")
    assert.is_nil(offset)
    assert.equal("no offset is left in the log of k", message)
    assert.same({ '[[9223372036854775806,"last"]]', 1, math.maxinteger }, reading(log, "k"))
    assert.same({ "[]", 0, math.maxinteger }, reading(log, "k", math.maxinteger))
  end)

  it("is the same in whatever order entries came", function()
    for seed = 1, 10 do
      local random = randoms.stream(seed, "log")
      local offsets, expected = {}, {}
      for i = 1, 2000 do
        offsets[i] = i * 3
        expected[i] = ('[%d,"value %d"]'):format(i * 3, i * 3)
      end
      for i = #offsets, 2, -1 do
        local j = random:upto(i)
        offsets[i], offsets[j] = offsets[j], offsets[i]
      end
      local log = logs.new()
      for _, offset in ipairs(offsets) do
        assert.is_true(log:insert("k", offset, "value " .. offset))
      end
      local parts, from = {}, 0
      repeat
        local array, count, next_offset = log:read("k", from, random:upto(150))
        parts[#parts + 1] = count > 0 and json.encode(array):sub(2, -2) or nil
        from = next_offset
      until count == 0
      assert.equal(table.concat(expected, ","), table.concat(parts, ","), "seed " .. seed)
    end
  end)

  it("refuses arguments of the wrong kind, at the caller's line", function()
    local log = filled("k", { [1] = "a" })
    local cyclic = {}
    cyclic[1] = cyclic
    local offset = "expected an offset: an integer from 0 to 2%^63 %- 2"
    for _, case in ipairs({
      { "append", 5, 1, "string expected, got number" },
      { "append", "k", print, "cannot be in a log: cannot encode a function" },
      { "append", "k", 0 / 0, "cannot be in a log" },
      { "append", "k", "\xff", "cannot be in a log: a string that is not valid UTF%-8" },
      { "append", "k", { a = { print } }, "cannot be in a log: a%[1%]: cannot encode a function" },
      { "append", "k", cyclic, "nested too deeply" },
      { "append", "k", nil, "cannot be in a log: cannot encode a nil" },
      { "insert", "k", -1, offset },
      { "insert", "k", 1.0, offset },
      { "insert", "k", "1", offset },
      { "insert", "k", math.maxinteger, offset },
      { "insert", "k", nil, offset },
      { "insert", nil, 1, "string expected" },
      { "read", "k", -1, "expected the offset to read from, an integer from 0" },
      { "read", "k", 1.5, "expected the offset to read from, an integer from 0" },
      { "read", {}, 1, "string expected, got table" },
      { "entries", "k", "0", "expected the offset to read from, an integer from 0" },
      { "commit", "k", -1, offset },
      { "commit", "k", nil, offset },
      { "commit", 1, 1, "string expected" },
      { "committed", nil, nil, "string expected" },
      { "last", nil, nil, "string expected" },
      { "count", false, nil, "string expected" },
    }) do
      local ok, message = pcall(function()
        local result = log[case[1]](log, case[2], case[3])
        return result
      end)
      assert.is_false(ok, case[1])
      assert.matches(case[4], message)
      assert.matches("log_spec.lua:%d+: bad argument", message)
    end
    for _, case in ipairs({
      { -1, nil, "expected how many entries at most, an integer from 0" },
      { "1", nil, "expected how many entries at most, an integer from 0" },
      { 1, 1.5, "expected the offset to read up to, an integer" },
    }) do
      local ok, message = pcall(log.read, log, "k", 0, case[1], case[2])
      assert.is_false(ok)
      assert.matches(case[3], message)
    end
    assert.is_false((pcall(log.append, log, "k")))
    assert.is_false((pcall(log.insert, log, "k", 2)))
    local ok, message = pcall(log.append, {}, "k", 1)
    assert.is_false(ok)
    assert.matches("hearsay.log expected", message)
    assert.same({ '[[1,"a"]]', 1, 2 }, reading(log, "k"))
    assert.is_nil(log:committed("k"))
    assert.same({ "k" }, log:keys())
  end)

  -- Calls `use` until 300 objects are finalized, and `check` each time that some were in it.
  local function with_finalizers(finalize, use, check)
    local finalized = 0
    local meta = { __gc = function()
      finalized = finalized + 1
      finalize(finalized)
    end }
    for _ = 1, 300 do
      setmetatable({}, meta)
    end
    repeat
      local before = finalized
      use()
      if finalized > before then
        check()
      end
    until finalized == 300
  end

  it("reads right when a finalizer writes to it meanwhile", function()
    local log = logs.new()
    for i = 1, 1000 do
      log:insert("k", i * 2, i)
    end
    local array, count
    with_finalizers(function(i)
      log:insert("k", 301 + i * 2, "late " .. i)
    end, function()
      array, count = log:read("k", 300, 400)
    end, function()
      local entries = assert(json.decode(json.encode(array)))
      assert.equal(count, #entries)
      for k = 2, #entries do
        assert(entries[k - 1][1] < entries[k][1])
      end
    end)
  end)

  it("lists its keys when a finalizer adds some meanwhile", function()
    local log = logs.new()
    for i = 1, 1000 do
      log:append("key " .. i, i)
    end
    local keys
    with_finalizers(function(i)
      for k = 1, 10 do
        log:append(("late %d %d"):format(i, k), 1)
      end
    end, function()
      keys = log:keys()
    end, function()
      for i = 2, #keys do
        assert(keys[i - 1] < keys[i])
      end
    end)
  end)

  it("encodes a value while a finalizer adds others", function()
    local log, value = logs.new(), {}
    for i = 1, 50 do
      value["field " .. i] = { i, { n = i } }
    end
    with_finalizers(function(i)
      log:append("late", { i })
    end, function()
      log:append("k", value)
    end, function() end)
    for _, entry in ipairs(log:entries("k")) do
      assert.same(value, entry[2])
    end
    for i, entry in ipairs(log:entries("late")) do
      assert.same({ i - 1, { i } }, entry)
    end
  end)

  it("cannot be used any more by a finalizer that runs after its own", function()
    local message
    do
      local log = logs.new()
      setmetatable({ log }, { __gc = function(self)
        getmetatable(self[1]).__gc(self[1])
        message = select(2, pcall(self[1].append, self[1], "k", 1))
      end })
    end
    collectgarbage()
    collectgarbage()
    assert.matches("the log was collected", message)
  end)
end)
