--- What may be wrong with the messages of a kafka, whoever looks: lost, twice, two at one offset,
-- seen though nobody sent them.
--
--   lost-write            acknowledged, at an offset at or below one whose message was polled,
--                         and never polled itself: consumers went past it
--   unseen                acknowledged, and never polled until the end; so every lost one is
--   duplicate             one message at several offsets
--   inconsistent-offsets  several messages at one offset
--   G1a                   polled, though its send failed
--   G1c-process           polled before its send began, by the process that then sent it
--   G1c-realtime          the same by another process
--   never-sent            polled, and nobody ever sent it to that key
--
-- The G1c are the cycles of a dependency graph with an edge from the send of a message to each
-- poll that shows it (wr), and from an operation to each that began after it had ended (realtime;
-- process where one process did both). An operation sends or polls and never both, so no wr edge
-- follows another, and a cycle is wr, realtime, wr, realtime, .. Take the poll in it that ended
-- first: its send began after another poll of the cycle had ended, so after this one had. So
-- every such cycle holds one of two operations, a poll and the send of what it shows, and those
-- are what is looked for. Edges between sends (ww) are not drawn, as in Maelstrom: sends to
-- several logs may interleave.
-- @module sim.checkers.kafka.messages

local messages = {}

-- The message that was polled furthest up: all that are at its rank and below should have been
-- polled. A message at several offsets tells of the lowest only.
local function furthest_polled(log)
  local furthest
  for _, message in ipairs(log.messages) do
    if message.first_poll and (not furthest or message.first_rank > furthest.first_rank) then
      furthest = message
    end
  end
  return furthest
end

local function judge_unpolled(log, errors)
  local furthest = furthest_polled(log)
  for _, message in ipairs(log.messages) do
    local send = message.send
    if not message.first_poll and send and send.outcome == "ok" then
      errors:add("unseen", { key = log.key, message = message, at = send })
      if furthest and message.first_rank <= furthest.first_rank then
        errors:add("lost-write", {
          key = log.key, message = message, offset = send.result, send = send, at = send,
          max_offset = log.offsets[furthest.first_rank], max_poll = furthest.first_poll,
        })
      end
    end
  end
end

local function judge_polled(log, message, errors)
  local poll, send = message.first_poll, message.send
  local err = { key = log.key, message = message, offset = message.offsets[1], send = send,
    poll = poll, at = poll }
  if not send then
    errors:add("never-sent", err)
  elseif send.outcome == "fail" then
    errors:add("G1a", err)
  end
  if send and poll.complete_index < send.invoke_index then
    errors:add(poll.process == send.process and "G1c-process" or "G1c-realtime", err)
  end
end

--- Finds them.
-- @tparam table found what versions.read returned
-- @tparam errors errors takes each, see sim.checkers.kafka
function messages.judge(found, errors)
  for _, log in ipairs(found.logs) do
    judge_unpolled(log, errors)
    for _, message in ipairs(log.messages) do
      if message.first_poll then
        judge_polled(log, message, errors)
      end
      if #message.offsets > 1 then
        table.sort(message.offsets)
        errors:add("duplicate", {
          key = log.key, message = message, offsets = message.offsets, send = message.send,
          at = message.send or message.first_poll, weight = #message.offsets,
        })
      end
    end
    for _, offset in ipairs(log.offsets) do
      local others = log.others[offset]
      if others then
        local first = log.at[offset]
        errors:add("inconsistent-offsets", {
          key = log.key, offset = offset, messages = table.move(others, 1, #others, 2, { first }),
          at = first.first_poll or first.send, weight = #others + 1,
        })
      end
    end
  end
end

return messages
