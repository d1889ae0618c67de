-- What the screen says about workload kafka.

local kafka = require "sim.checkers.kafka"
local kafka_history = dofile("tests/lua/kafka_history.lua")
local words = require("sim.words").kafka

describe("the words on workload kafka", function()
  local function check(text)
    return kafka.check(kafka_history.parse(text))
  end

  -- The verdict and then its reasons, a line each: "label: text".
  local function say(text)
    local result, lines = check(text), {}
    words.bad(result, lines)
    lines = { table.concat(lines, ", ") }
    words.explain(result, {
      row = function(_, label, said) lines[#lines + 1] = label .. ": " .. said end,
    })
    return table.concat(lines, "\n")
  end

  local function says(expected, text)
    assert.equal(expected, say(text))
  end

  it("praise", function()
    assert.equal(
      "2 messages acknowledged, and every one polled: none lost, none twice, all in order",
      words.good(check "n1 send a 1 @0\nn1 send a 2 @1\nn2 poll a 0:1 1:2"))
  end)

  it("give the lag", function()
    local lines = {}
    local page = { row = function(_, label, said) lines[#lines + 1] = label .. ": " .. said end }
    words.note(check "n2 assign a\nn1 send a 1 @0\nn2 poll\nn2 poll\nn2 poll a 0:1", page)
    words.note(check "", page)
    assert.same({ "Lag of polls: median 19 ms, 99% 19 ms, most 19 ms" }, lines)
  end)

  it("name lost and unseen messages", function()
    says('1 message lost, 2 messages never polled\n'
      .. 'Lost: message 1 of key "a": the send of process 1 at n1 at 0.010 s got offset 0; no poll '
      .. 'shows it, though the poll of process 3 at n3 at 0.040 s shows offset 1.\n'
      .. 'Never polled: key "a": 1.\n: key "b": 7.',
      "n1 send a 1 @0\nn1 send a 2 @1\nn2 send b 7 @0\nn3 poll a 1:2")
  end)

  it("name three keys of unseen messages, and eight messages of each", function()
    local lines = {}
    for i = 1, 9 do
      lines[i] = ("n1 send a %d @%d"):format(i, i)
    end
    lines[10] = "n1 send b 1 @0\nn1 send c 1 @0\nn1 send d 1 @0"
    says('12 messages never polled\nNever polled: key "a": 1, 2, 3, 4, 5, 6, 7, 8, ...\n'
      .. ': key "b": 1.\n: key "c": 1; ..', table.concat(lines, "\n"))
  end)

  it("name messages that are where they should not be", function()
    says('1 message at several offsets\nTwice: message 1 of key "a" is at offsets 0, 4.',
      "n1 send a 1 @0\nn2 poll a 4:1")
    says('1 offset with several messages\nInconsistent: offset 0 of key "a" has messages 1, 2.',
      "n1 send a 1 @0\nn2 send a 2 info\nn3 poll a 0:1\nn4 poll a 0:2")
    says('1 message polled that nobody sent\n'
      .. 'Never sent: message 9 of key "a": shown at offset 4 by the poll of process 2 at n2 at '
      .. '0.020 s.', "n1 send a 1 @0\nn2 poll a 0:1 4:9")
    says('1 message polled whose send failed\n'
      .. 'Aborted read: message 1 of key "a": the send of process 1 at n1 at 0.010 s failed, and '
      .. 'yet the poll of process 2 at n2 at 0.020 s shows it.', "n1 send a 1 fail\nn2 poll a 0:1")
    says('1 message polled before it was sent\n'
      .. 'Too early: message 1 of key "a": shown by the poll of process 2 at n2 at 0.010 s, before '
      .. 'the send of process 1 at n1 at 0.020 s began.', "n2 poll a 0:1\nn1 send a 1 @0")
    says('1 message polled before its own process sent it\n'
      .. 'Too early: message 1 of key "a": shown by the poll of process 1 at n1 at 0.010 s, before '
      .. 'the send of process 1 at n1 at 0.020 s began.', "n1 poll a 0:1\nn1 send a 1 @0")
  end)

  local SENT = "n1 send a 1 @0\nn2 send a 2 @1\nn3 send a 3 @2\nn9 poll a 0:1 1:2 2:3\n"

  it("tell of polls and sends out of order", function()
    says('1 poll that skips messages\n'
      .. 'Skipped: key "a": process 5 at n5 polled message 1 at 0.050 s and then, at 0.060 s, '
      .. 'message 3, past 2.', SENT .. "n5 poll a 0:1\nn5 poll a 2:3")
    says('1 gap within polls\n'
      .. 'Gap: key "a": the poll of process 5 at n5 at 0.050 s shows message 1 and then 3, past 2.',
      SENT .. "n5 poll a 0:1 2:3")
    says('1 poll that goes back\n'
      .. 'Back: key "a": process 5 at n5 polled message 2 at 0.050 s and then, at 0.060 s, message '
      .. '1, which is 1 message before it.', SENT .. "n5 poll a 1:2\nn5 poll a 0:1")
    says('1 step back within polls\n'
      .. 'Back in a poll: key "a": the poll of process 5 at n5 at 0.050 s shows message 2 and then '
      .. '2, the same again.', SENT .. "n5 poll a 1:2 1:2")
    says('1 send that goes back\n'
      .. 'Back in sends: key "a": process 1 at n1 sent message 1 at 0.010 s and then, at 0.020 s, '
      .. 'message 2, which is 2 messages before it.',
      "n1 send a 1 @5\nn1 send a 2 @0\nn3 send a 3 @3\nn9 poll a 0:2 3:3 5:1")
  end)

  it("tell of committed offsets", function()
    says('2 committed offsets that nobody committed\n'
      .. 'Committed: key "a": the assign of process 5 at n5 at 0.070 s lists offset 9; the highest '
      .. 'that had been committed is 1.\n'
      .. ': key "a": the assign of process 5 at n5 at 0.050 s lists offset 2; nothing had been '
      .. 'committed.', SENT .. "n5 assign a list a=2\nn5 poll a 0:1 1:2 commit a=1\n"
      .. "n5 assign a list a=9")
    says('1 committed offset that went back\n'
      .. 'Committed: key "a": the assign of process 5 at n5 at 0.060 s lists offset 1, and the '
      .. 'assign of process 5 at n5 at 0.070 s lists none.',
      SENT .. "n5 poll a 0:1 1:2 commit a=1\nn5 assign a list a=1\nn5 assign a")
  end)
end)
