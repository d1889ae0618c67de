-- What the screen says about g-set, the counters and lin-kv.

local counter = require "sim.checkers.counter"
local history = dofile("tests/lua/history.lua")
local linearizable = require "sim.checkers.linearizable"
local words = require "sim.words"

-- The verdict of a failed run and its reasons, a line each: "label: text".
local function say(phrases, result)
  local lines = {}
  phrases.bad(result, lines)
  lines = { table.concat(lines, ", ") }
  local page = { row = function(_, label, said) lines[#lines + 1] = label .. ": " .. said end }
  phrases.explain(result, page)
  return table.concat(lines, "\n")
end

describe("the words on g-set", function()
  it("are those on broadcast", function()
    assert.equal(words.broadcast, words["g-set"])
  end)
end)

describe("the words on counters", function()
  local phrases = words["g-counter"]
  local h
  before_each(function()
    h = history.new()
  end)

  local function final(ms, node, sum)
    h:did(ms, node, "read", nil, sum).final = true
  end

  it("are the same for both", function()
    assert.equal(phrases, words["pn-counter"])
  end)

  it("praise", function()
    h:did(10, "n1", "add", 3)
    final(20, "n1", 3)
    assert.equal("the final read shows the sum of 1 acknowledged add",
      phrases.good(counter.check(h.ops)))
    h:did(11, "n1", "add", 2)
    h:invoke(12, "n1", "add", -2)
    final(50, "n2", 3)
    assert.equal("all 2 final reads show the sum of 2 acknowledged adds and of some of 1 of "
      .. "unknown outcome", phrases.good(counter.check(h.ops)))
  end)

  it("name the sum, and the reads that are wrong", function()
    h:did(10, "n1", "add", 3)
    h:did(20, "n1", "add", 4)
    final(30, "n1", 7)
    final(40, "n2", 3)
    assert.equal("1 of 2 final reads wrong\n"
      .. "Expected: 7, the sum of 2 acknowledged adds.\nWrong: n2 had 3 at 0.041 s.",
      say(phrases, counter.check(h.ops)))
  end)

  it("name all sums that there may be, and eight reads", function()
    h:did(10, "n1", "add", 3000)
    h:invoke(20, "n1", "add", 1)
    h:invoke(30, "n1", "add", -10)
    for i = 1, 9 do
      final(100 * i, "n" .. i, i)
    end
    local said = say(phrases, counter.check(h.ops))
    assert.matches("9 of 9 final reads wrong\nExpected: 2,990 to 2,991 or 3,000 to 3,001, the sum "
      .. "of 1 acknowledged add and of some of 2 of unknown outcome.\nWrong: n1 had 1 at 0.101 s.\n"
      .. ": n2 had 2 at 0.201 s.", said, 1, true)
    assert.matches(": n8 had 8 at 0.801 s.\n: and 1 more", said, 1, true)
  end)
end)

describe("the words on lin-kv", function()
  local phrases = words["lin-kv"]
  local h
  before_each(function()
    h = history.new()
  end)

  local function write(ms, node, v, key)
    return h:did(ms, node, "write", { key = key or 0, value = v })
  end

  local function read(ms, node, v, key)
    return h:did(ms, node, "read", { key = key or 0 }, v)
  end

  it("praise", function()
    write(10, "n1", 1)
    read(20, "n1", 1)
    assert.equal("2 operations on 1 key, each key as if there were one copy of it",
      phrases.good(linearizable.check(h.ops)))
  end)

  it("tell of a stale read what was overwritten by what", function()
    write(10, "n1", 1)
    write(20, "n3", 2)
    read(30, "n2", 1)
    assert.equal("1 key is not linearizable\n"
      .. "Key 0: No order of its operations explains n2's read of 1 (0.030 to 0.031 s). When that "
      .. "ended, the key can only have been 2, since n3's write of 2 (0.020 to 0.021 s).\n"
      .. ": Last to make it 1 was n1's write of 1 (0.010 to 0.011 s), and after that came n3's "
      .. "write of 2 (0.020 to 0.021 s).", say(phrases, linearizable.check(h.ops)))
  end)

  it("tell of a value from nowhere", function()
    h:did(10, "n2", "cas", { key = "x", from = 4, to = 5 })
    assert.equal("1 key is not linearizable\n"
      .. 'Key "x": No order of its operations explains n2\'s cas from 4 to 5 (0.010 to 0.011 s). '
      .. "When that ended, the key can only have been nothing yet.\n: Nobody ever made it 4.",
      say(phrases, linearizable.check(h.ops)))
  end)

  it("say no more of a value that was there and is taken twice", function()
    write(10, "n1", 1)
    local a = h:invoke(20, "n2", "cas", { key = 0, from = 1, to = 2 })
    local b = h:invoke(21, "n3", "cas", { key = 0, from = 1, to = 3 })
    h:ok(a, 30)
    h:ok(b, 31)
    assert.equal("1 key is not linearizable\n"
      .. "Key 0: No order of its operations explains n3's cas from 1 to 3 (0.021 to 0.031 s). When "
      .. "that ended, the key can only have been 2, since n2's cas from 1 to 2 (0.020 to 0.030 s).",
      say(phrases, linearizable.check(h.ops)))
  end)

  it("name what was under way, or of unknown outcome", function()
    write(10, "n1", 1)
    local slow = h:invoke(20, "n3", "write", { key = 0, value = 2 })
    h:info(h:invoke(21, "n4", "cas", { key = 0, from = 2, to = 3 }), 22)
    read(30, "n2", 7)
    h:ok(slow, 40)
    local said = say(phrases, linearizable.check(h.ops))
    assert.matches("\n: Under way then, or of unknown outcome: n3's write of 2 (0.020 to 0.040 s); "
      .. "n4's cas from 2 to 3 (0.021 s on, of unknown outcome).", said, 1, true)
  end)

  it("explain three keys and name the others", function()
    for key = 1, 5 do
      read(10 * key, "n1", 9, key)
    end
    local said = say(phrases, linearizable.check(h.ops))
    assert.matches("^5 keys are not linearizable\nKey 1: ", said)
    assert.matches("\nKey 3: ", said)
    assert.matches("\n: Not linearizable either: 4, 5.$", said)
  end)

  it("say where the search was given up", function()
    for i = 1, 10 do
      write(10 * i, "n1", i)
      read(10 * i + 5, "n1", i)
    end
    local lines = {}
    local page = { row = function(_, label, said) lines[#lines + 1] = label .. ": " .. said end }
    phrases.note(linearizable.check(h.ops, { search_budget = 5 }), page)
    phrases.note(linearizable.check(h.ops), page)
    assert.same({ "Note: given up after 5 configurations: key 0." }, lines)
  end)
end)
