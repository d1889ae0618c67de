-- The checker of workload kafka: for each kind of error histories that have just it, and near
-- misses.

local kafka = require "sim.checkers.kafka"
local kafka_history = dofile("tests/lua/kafka_history.lua")

local function check(text)
  return kafka.check(kafka_history.parse(text))
end

-- What is wrong with a history: the kinds of errors, and how many of each: "lost-write 1 unseen 2".
local function faults(text)
  local result = check(text)
  local found = {}
  for i, kind in ipairs(result["error-types"]) do
    found[i] = kind .. " " .. result[kind].count
  end
  assert.same(result["error-types"], result["bad-error-types"])
  assert.equal(#found == 0, result["valid?"] ~= false)
  return table.concat(found, " ")
end

local function has(expected, text)
  assert.equal(expected, faults(text))
end

local function is_valid(text)
  assert.equal("", faults(text))
  assert.is_true(check(text)["valid?"])
end

describe("a log that is kept", function()
  it("is valid", function()
    is_valid [[
      n1 send a 1 @0
      n1 send a 2 @1
      n1 send b 1 @0
      n2 assign a b
      n2 poll a 0:1 1:2 b 0:1
    ]]
  end)

  it("may have gaps, and offsets of any size and sign", function()
    is_valid [[
      n1 send a 1 @-5
      n1 send a 2 @3
      n1 send a 3 @9007199254740993
      n2 assign a
      n2 poll a -5:1
      n2 poll a 3:2 9007199254740993:3
    ]]
  end)

  it("is unknown where there is nothing to judge", function()
    for _, text in ipairs {
      "", "n1 poll", "n1 send a 1 info", "n1 send a 1 fail", "n1 assign a", "n1 crash",
    } do
      assert.equal("unknown", check(text)["valid?"], text)
    end
    -- Shown, but never acknowledged.
    assert.equal("unknown", check "n1 send a 1 info\nn2 poll a 0:1"["valid?"])
  end)

  it("is counted", function()
    local result = check [[
      n1 send a 1 @0
      n1 send b 1 @0
      n1 send b 2 info
      n2 poll a 0:1 b 0:1 1:2 commit a=0 b=1
      n2 assign a b list a=0 b=1
    ]]
    assert.equal(2, result["acknowledged-count"])
    assert.equal(3, result["polled-count"])
    assert.equal(2, result["key-count"])
    assert.same({ ["commit-count"] = 2, ["list-count"] = 2 }, result["committed-offsets"])
  end)

  it("says why sends and polls came to an uncertain end", function()
    local ops = kafka_history.parse [[
      n1 send a 1 @0
      n2 poll a 0:1
      n3 send a 2 info
      n4 poll info
      n5 crash
    ]]
    ops[4].error.name = "crash"
    ops[5].error.name = "planned"
    assert.same({ "crash", "timeout" }, setmetatable(kafka.check(ops)["info-txn-causes"], nil))
  end)
end)

describe("a message that was acknowledged and never polled", function()
  it("is lost when one behind it was polled", function()
    has("lost-write 1 unseen 1", [[
      n1 send a 1 @0
      n1 send a 2 @1
      n2 poll a 1:2
    ]])
    local result = check [[
      n1 send a 1 @0
      n1 send a 2 @4
      n2 poll a 4:2
    ]]
    local lost = result["lost-write"].errs[1]
    assert.equal("a", lost.key)
    assert.equal(1, lost.value)
    assert.equal(0, lost.offset)
    assert.equal(4, lost["max-read-offset"])
    assert.equal("n1", lost.writer.node)
    assert.equal("n2", lost["max-read"].node)
    assert.equal(30e6, lost["max-read"].time)
    assert.same({ a = 1 }, result.unseen.unseen)
    assert.same({ 1 }, setmetatable(result.unseen.messages.a, nil))
  end)

  it("is lost when another message was polled at its offset", function()
    has("inconsistent-offsets 1 lost-write 1 unseen 1", [[
      n1 send a 1 @0
      n2 send a 2 @0
      n3 poll a 0:2
    ]])
  end)

  it("is unseen, and not lost, when none behind it was", function()
    has("unseen 1", [[
      n1 send a 1 @0
      n1 send a 2 @1
      n2 poll a 0:1
    ]])
    has("unseen 1", "n1 send a 1 @0\nn2 poll")
    has("unseen 1", "n1 send a 1 @0")
    -- Behind it in another log.
    has("unseen 1", "n1 send a 1 @0\nn1 send b 1 @1\nn2 poll b 1:1")
  end)

  it("is unseen when only polls that failed may have shown it", function()
    has("unseen 1", "n1 send a 1 @0\nn2 poll info\nn3 poll fail")
  end)

  it("is neither when nobody knows whether it was sent, or it surely was not", function()
    is_valid "n1 send a 1 info\nn2 send a 2 @1\nn3 poll a 1:2"
    is_valid "n1 send a 1 fail\nn2 send a 2 @1\nn3 poll a 1:2"
  end)

  it("is not lost when somebody else saw it, at any time", function()
    is_valid [[
      n1 send a 1 @0
      n1 send a 2 @1
      n2 poll a 1:2
      n3 poll a 0:1 1:2
    ]]
  end)

  it("is judged by the lowest offset of what was polled twice", function()
    -- 2 was polled at 1 and at 9: whoever saw it had to see what is below 1, not 5.
    has("duplicate 1 unseen 1", [[
      n1 send a 1 @0
      n2 send a 2 @1
      n3 send a 3 @5
      n4 poll a 0:1
      n5 poll a 1:2
      n6 poll a 9:2
    ]])
  end)

  it("is listed with up to 32 others of its key", function()
    local lines = {}
    for i = 1, 40 do
      lines[i] = ("n1 send a %d @%d"):format(i, i)
    end
    local unseen = check(table.concat(lines, "\n")).unseen
    assert.equal(40, unseen.count)
    assert.same({ a = 40 }, unseen.unseen)
    assert.equal(32, #unseen.messages.a)
    assert.equal(1, unseen.messages.a[1])
  end)
end)

describe("a message", function()
  it("at two offsets is a duplicate", function()
    has("duplicate 1", "n1 send a 1 @0\nn2 poll a 0:1\nn3 poll a 1:1")
    has("duplicate 1", "n1 send a 1 @0\nn2 poll a 1:1")
    has("duplicate 1 int-nonmonotonic-poll 1", "n1 send a 1 @0\nn2 poll a 0:1 1:1")
    local err = check("n1 send a 1 @7\nn2 poll a 3:1\nn3 poll a 5:1").duplicate.errs[1]
    assert.same({ 3, 5, 7 }, setmetatable(err.offsets, nil))
    assert.equal(1, err.value)
  end)

  it("at one offset of each of two keys is none", function()
    is_valid "n1 send a 1 @0\nn1 send b 1 @1\nn2 poll a 0:1 b 1:1"
  end)

  it("polled twice at its offset is none", function()
    is_valid "n1 send a 1 @0\nn2 poll a 0:1\nn3 poll a 0:1"
  end)

  it("that shares its offset makes it inconsistent", function()
    has("inconsistent-offsets 1", [[
      n1 send a 1 info
      n2 send a 2 @0
      n3 poll a 0:2
      n4 poll a 0:1
    ]])
    local errs = check([[
      n1 send a 1 @0
      n2 send a 2 @0
      n3 poll a 0:2
      n4 poll a 0:1
      n5 send a 3 @0
    ]])["inconsistent-offsets"].errs
    assert.equal(1, #errs)
    assert.equal(0, errs[1].offset)
    assert.same({ 1, 2, 3 }, setmetatable(errs[1].values, nil))
  end)

  it("whose send failed is an aborted read", function()
    has("G1a 1", [[
      n1 send a 1 @0
      n1 send a 2 fail
      n2 poll a 0:1 1:2
    ]])
    is_valid [[
      n1 send a 1 @0
      n1 send a 2 info
      n2 poll a 0:1 1:2
    ]]
    -- The same message in another log is another one.
    is_valid "n1 send a 1 @0\nn1 send b 1 fail\nn2 poll a 0:1"
  end)

  it("that nobody sent is reported", function()
    has("never-sent 1", "n1 send a 1 @0\nn2 poll a 0:1 1:2")
    has("never-sent 1", "n1 send a 1 @0\nn2 poll a 0:1 b 0:1")
    -- Looks like one that was sent: a float, a text.
    has("inconsistent-offsets 1 never-sent 1", "n1 send a 1 @0\nn2 poll a 0:1\nn3 poll a 0:1.0")
    has("inconsistent-offsets 1 never-sent 1", "n1 send a 1 @0\nn2 poll a 0:1\nn3 poll a 0:x")
  end)

  it("polled before it is sent closes a cycle", function()
    has("G1c-realtime 1", "n2 poll a 0:1\nn1 send a 1 @0")
    has("G1c-process 1", "n1 poll a 0:1\nn1 send a 1 @0")
    has("G1c-realtime 1", "10-90 n2 poll a 0:1\n20-30 n3 poll a 0:1\n40-50 n1 send a 1 @0")
    -- The node may show it as soon as the send has begun.
    is_valid "10-40 n1 send a 1 @0\n20-30 n2 poll a 0:1"
    is_valid "10-40 n2 poll a 0:1\n20-30 n1 send a 1 @0"
  end)
end)

describe("the polls of a process", function()
  local SENT = [[
    n1 send a 1 @0
    n2 send a 2 @3
    n3 send a 3 @4
    n4 send b 1 @0
    n9 poll a 0:1 3:2 4:3 b 0:1
  ]]

  it("go on where they ended", function()
    is_valid(SENT .. "n5 assign a\nn5 poll a 0:1\nn5 poll a 3:2 4:3\nn5 poll\nn5 poll")
  end)

  it("may not skip what is known to be there", function()
    has("poll-skip 1", SENT .. "n5 poll a 0:1\nn5 poll a 4:3")
    has("poll-skip 1", SENT .. "n5 poll a 0:1\nn5 poll\nn5 poll b 0:1\nn5 poll a 4:3")
    local err = check(SENT .. "n5 poll a 0:1\nn5 poll a 4:3")["poll-skip"].errs[1]
    assert.equal(2, err.delta)
    assert.same({ 1, 3 }, setmetatable(err.values, nil))
    assert.same({ 2 }, setmetatable(err.skipped, nil))
    assert.equal(60e6, err.ops[1].time)
    assert.equal(70e6, err.ops[2].time)
  end)

  it("may pass a log that is empty", function()
    has("poll-skip 1", SENT .. "n5 poll a 0:1\nn5 poll a\nn5 poll a 4:3")
    is_valid(SENT .. "n5 poll a 0:1\nn5 poll a\nn5 poll a 3:2")
  end)

  it("may pass offsets of messages of which nobody knows where they are", function()
    is_valid [[
      n1 send a 1 @0
      n2 send a 2 info
      n3 send a 3 @2
      n5 poll a 0:1
      n5 poll a 2:3
    ]]
  end)

  it("may not skip within one poll", function()
    has("int-poll-skip 1", SENT .. "n5 poll a 0:1 4:3")
    has("int-poll-skip 2", SENT .. "n6 send a 4 @5\nn6 send a 5 @6\nn7 poll a 5:4 6:5\n"
      .. "n5 poll a 0:1 4:3 6:5")
  end)

  it("may begin anywhere in a log", function()
    is_valid(SENT .. "n5 poll a 4:3")
  end)

  it("may not go back, nor stay", function()
    has("nonmonotonic-poll 1", SENT .. "n5 poll a 3:2 4:3\nn5 poll a 0:1")
    has("nonmonotonic-poll 1", SENT .. "n5 poll a 0:1\nn5 poll a 0:1")
    local err = check(SENT .. "n5 poll a 4:3\nn5 poll a 0:1")["nonmonotonic-poll"].errs[1]
    assert.equal(-2, err.delta)
  end)

  it("may not go back, nor stay, within one poll", function()
    has("int-nonmonotonic-poll 1", SENT .. "n5 poll a 3:2 0:1")
    has("int-nonmonotonic-poll 1", SENT .. "n5 poll a 3:2 3:2")
  end)

  it("begin anew in logs that were not assigned before", function()
    for _, outcome in ipairs { "", " info" } do
      local anew = "\nn5 assign b" .. outcome .. "\nn5 assign a\n"
      is_valid(SENT .. "n5 poll a 0:1 3:2" .. anew .. "n5 poll a 0:1")
      is_valid(SENT .. "n5 poll a 0:1" .. anew .. "n5 poll a 4:3")
    end
  end)

  it("go on in logs that stay assigned", function()
    has("nonmonotonic-poll 1", SENT .. "n5 poll a 0:1 3:2\nn5 assign b a\nn5 poll a 0:1")
    has("poll-skip 1", SENT .. "n5 poll a 0:1\nn5 assign a\nn5 poll a 4:3")
    has("poll-skip 1", SENT .. "n5 poll a 0:1\nn5 assign b fail\nn5 poll a 4:3")
  end)

  it("have nothing to do with those of another", function()
    is_valid(SENT .. "n5 poll a 3:2\nn6 poll a 0:1")
    is_valid(SENT .. "n5.5 poll a 0:1\nn5.15 poll a 4:3")
  end)

  it("are where the last one that was answered ended", function()
    is_valid(SENT .. "n5 poll a 0:1\nn5 poll fail\nn5 poll a 3:2")
  end)
end)

describe("the sends of a process", function()
  it("go up", function()
    has("nonmonotonic-send 1", "n1 send a 1 @5\nn1 send a 2 @3\nn2 poll a 3:2 5:1")
    is_valid "n1 send a 1 @3\nn1 send a 2 @5\nn2 poll a 3:1 5:2"
  end)

  it("may leave room for those of others", function()
    is_valid "n1 send a 1 @3\nn1 send a 2 @5\nn3 send a 3 @4\nn2 poll a 3:1 4:3 5:2"
  end)

  it("of others may go anywhere", function()
    is_valid "n1 send a 1 @5\nn3 send a 2 @3\nn2 poll a 3:2 5:1"
    is_valid "n1 send a 1 @5\nn1 send b 1 @3\nn2 poll a 5:1 b 3:1"
  end)

  it("count when they turn out to have happened", function()
    has("nonmonotonic-send 1", "n1 send a 1 @5\nn1 send a 2 info\nn2 poll a 3:2 5:1")
    is_valid "n1 send a 1 @5\nn1 send a 2 info\nn2 poll a 5:1"
  end)

  it("begin anew when the log is given up", function()
    is_valid "n1 send a 1 @5\nn1 assign b\nn1 send a 2 @3\nn2 poll a 3:2 5:1"
    has("nonmonotonic-send 1", "n1 send a 1 @5\nn1 assign a\nn1 send a 2 @3\nn2 poll a 3:2 5:1")
  end)
end)

describe("committed offsets", function()
  local SENT = [[
    n1 send a 1 @3
    n1 send a 2 @5
    n1 send a 3 @7
  ]]

  it("are what was committed, or the one after it", function()
    is_valid(SENT .. "n2 poll a 3:1 5:2 7:3 commit a=7\nn2 assign a list a=7")
    is_valid(SENT .. "n2 poll a 3:1 5:2 7:3 commit a=7\nn2 assign a list a=8")
  end)

  it("may lag behind, or be missing", function()
    is_valid(SENT .. "n2 poll a 3:1 5:2 7:3 commit a=7\nn2 assign a\nn2 assign a list a=3")
  end)

  it("may not be beyond", function()
    has("committed-above 1", SENT .. "n2 poll a 3:1 5:2 7:3 commit a=7\nn2 assign a list a=9")
    has("committed-above 1", SENT .. "n2 poll a 3:1 5:2 7:3\nn2 assign a list a=3")
    has("committed-above 1", SENT .. "n2 assign a list a=3\nn2 poll a 3:1 5:2 7:3 commit a=7")
    has("committed-above 1", SENT .. "n2 poll a 3:1 5:2 7:3 commit b=7\nn2 assign a list a=3")
    local err = check(SENT .. "n2 poll a 3:1 5:2 7:3 commit a=7\nn2 assign a list a=9")
      ["committed-above"].errs[1]
    assert.equal(9, err.offset)
    assert.equal(7, err.committed)
    assert.equal("assign", err.op.f)
  end)

  it("may be those of a commit under way, or of unknown outcome", function()
    is_valid(SENT .. "50-90 n2 poll a 3:1 5:2 7:3 commit a=7\n60-70 n3 assign a list a=7")
    local ops = kafka_history.parse(SENT .. [[
      n2 poll info
      n3 assign a list a=7
      n4 poll a 3:1 5:2 7:3
    ]])
    ops[4].commit = { a = 7 }
    assert.is_true(kafka.check(ops)["valid?"])
  end)

  local COMMITTED = SENT .. "n2 poll a 3:1 5:2 commit a=5\nn2 poll a 7:3 commit a=7\n"

  it("may not go backwards on a node", function()
    has("committed-backwards 1", COMMITTED .. "n2 assign a list a=7\nn2.12 assign a list a=5")
    has("committed-backwards 1", COMMITTED .. "n2 assign a list a=7\nn2.12 assign a")
    has("committed-backwards 2", COMMITTED .. "n2 assign a list a=7\nn2 assign a\nn2 assign a")
    has("committed-backwards 2",
      COMMITTED .. "n2 assign a list a=7\nn2 assign a list a=5\nn2 assign a list a=5")
    -- What is committed later is no excuse.
    has("committed-backwards 1", COMMITTED .. "n2 assign a list a=7\nn2 assign a list a=5\n"
      .. "n3 poll a 3:1 5:2 commit a=5")
    local err = check(COMMITTED .. "n2 assign a list a=7\nn2.12 assign a list a=5")
      ["committed-backwards"].errs[1]
    assert.equal(7, err.before)
    assert.equal(5, err.offset)
    assert.equal(60e6, err.ops[1].time)
    assert.equal(70e6, err.ops[2].time)
  end)

  it("may go backwards between nodes, and between lists that overlap", function()
    is_valid(COMMITTED .. "n2 assign a list a=7\nn3 assign a list a=5")
    is_valid(COMMITTED .. "60-90 n2 assign a list a=7\n70-80 n2.12 assign a list a=5")
    is_valid(COMMITTED .. "60-75 n2 assign a list a=7\n70-80 n2.12 assign a list a=5")
  end)

  it("may go back to what was committed later", function()
    is_valid(COMMITTED .. "n3 assign a\nn3 poll a 3:1 commit a=3\nn2 assign a list a=7\n"
      .. "n2 assign a list a=3")
    is_valid(SENT .. "10-60 n2 poll a 3:1 5:2 commit a=5\n50-70 n3 poll a 3:1 5:2 7:3 commit a=7\n"
      .. "80-81 n2 assign a list a=7\n90-91 n2 assign a list a=5")
  end)

  it("may go back to what was committed at a time that nobody knows", function()
    local ops = kafka_history.parse(SENT .. "n3 poll info\n" .. [[
      n2 poll a 3:1 5:2 7:3 commit a=7
      n2 assign a list a=7
      n2 assign a list a=3
    ]])
    assert.is_false(kafka.check(ops)["valid?"])
    ops[4].commit = { a = 3 }
    assert.is_true(kafka.check(ops)["valid?"])
  end)

  it("are not asked for when a client begins at the beginning", function()
    is_valid(COMMITTED .. "n2 assign a list a=7\nn2.12 assign a seek\nn2.12 poll a 3:1")
  end)
end)

describe("of many errors of a kind", function()
  it("the gravest eight are described", function()
    local lines = {}
    for i = 1, 30 do
      lines[i] = ("n1 send a %d @%d\nn9 poll a %d:%d"):format(i, i, i, i)
    end
    for i = 1, 12 do
      lines[#lines + 1] = ("n2.%d poll a 1:1 %d:%d"):format(100 + i, 2 + i, 2 + i)
    end
    local skips = check(table.concat(lines, "\n"))["int-poll-skip"]
    assert.equal(12, skips.count)
    assert.equal(8, #skips.errs)
    for i, err in ipairs(skips.errs) do
      assert.equal(14 - i, err.delta)
    end
  end)
end)
