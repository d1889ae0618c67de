-- How long after it was there a message was first shown, as the checker of workload kafka says it.

local kafka = require "sim.checkers.kafka"
local kafka_history = dofile("tests/lua/kafka_history.lua")

local function check(text)
  return kafka.check(kafka_history.parse(text))
end

describe("the lag of polls", function()
  local function lag(text)
    local result = check(text)
    return result["realtime-lag"] and result["realtime-lag"]["1"], result["worst-realtime-lag"]
  end

  it("is nothing when each poll shows all there is", function()
    local most, worst = lag [[
      n1 send a 1 @0
      n2 assign a
      n2 poll a 0:1
      n1 send a 2 @1
      n2 poll a 1:2
    ]]
    assert.equal(0, most)
    assert.same({ lag = 0, time = 0 }, worst)
  end)

  it("is the time to the beginning of the last poll that missed a message", function()
    local most, worst = lag [[
      n2 assign a
      n1 send a 1 @0
      n2 poll
      n2 poll
      n2 poll a 0:1
    ]]
    assert.equal(40 - 21, most)
    assert.same({ lag = 0.019, time = 0.04, process = 2, key = "a" }, worst)
  end)

  it("does not count the time in which nobody asked", function()
    assert.equal(0, (lag "n1 send a 1 @0\nn2 poll\nn2 poll\nn2 assign a\nn2 poll a 0:1"))
    assert.equal(0, (lag "n1 send a 1 @0\n9000-9001 n2 assign a\n9010-9011 n2 poll a 0:1"))
    -- Not even when the process had been there before.
    assert.equal(0, (lag [[
      n2 assign a
      n2 poll
      n2 assign b
      n1 send a 1 @0
      n2 poll
      n2 assign a
      n2 poll a 0:1
    ]]))
  end)

  it("begins when a poll has shown the message, if that was before its acknowledgement", function()
    assert.equal(40 - 21, (lag [[
      5-90 n1 send a 1 @0
      20-21 n3 poll a 0:1
      n2 assign a
      40-41 n2 poll
      50-51 n2 poll a 0:1
    ]]))
  end)

  it("is that of the process which waits longest", function()
    assert.equal(60 - 31, (lag [[
      n2 assign a
      n3 assign a
      n1 send a 1 @0
      n2 poll a 0:1
      n3 poll
      n3 poll
      n3 poll a 0:1
    ]]))
  end)

  it("is that of the process which waits longest, whichever is shown it first", function()
    assert.equal(60 - 31, (lag [[
      n2 assign a
      n3 assign a
      n1 send a 1 @0
      n2 poll
      n3 poll
      n3 poll
      n3 poll a 0:1
      n2 poll a 0:1
    ]]))
  end)

  it("does not count when a message is shown again", function()
    assert.equal(0, (lag "n2 assign a\nn1 send a 1 @0\nn2 poll a 0:1\nn2 poll\nn2 poll a 0:1"))
  end)

  it("counts for messages that a process has not seen when it ends or gives up the log", function()
    assert.equal(40 - 21, (lag "n2 assign a\nn1 send a 1 @0\nn3 poll a 0:1\nn2 poll"))
    assert.equal(40 - 21, (lag "n2 assign a\nn1 send a 1 @0\nn3 poll a 0:1\nn2 poll\nn2 assign b"))
    assert.equal(0, (lag "n1 send a 1 @0\nn2 poll\nn2 assign a\nn3 poll a 0:1"))
    assert.equal(0, (lag "n2 assign a\n20-29 n1 send a 1 @0\n24-30 n2 poll\nn3 poll a 0:1"))
  end)

  it("goes on in a log that stays assigned", function()
    assert.equal(30 - 21, (lag [[
      n2 assign a
      n1 send a 1 @0
      n2 poll
      n2 assign b a
      n2 poll a 0:1
    ]]))
  end)

  it("is given as a distribution over messages", function()
    assert.same({ ["0"] = 0, ["0.5"] = 0, ["0.95"] = 9, ["0.99"] = 9, ["1"] = 9 },
      check([[
        n2 assign a
        n1 send a 1 @0
        n2 poll a 0:1
        n1 send a 2 @1
        n2 poll
        n2 poll a 1:2
        n1 send a 3 @2
        n2 poll a 2:3
      ]])["realtime-lag"])
  end)

  it("is not there when nothing was shown", function()
    assert.is_nil((lag "n1 send a 1 info\nn2 poll"))
  end)
end)
