--- What may be wrong with the order in which one process sees or fills a log.
--
--   poll-skip              a poll goes on behind where the last poll of its process ended, past
--                          messages that are known to exist
--   nonmonotonic-poll      a poll begins at or before where the last poll of its process ended
--   int-poll-skip, int-nonmonotonic-poll  the same between two neighbours of one poll
--   nonmonotonic-send      a send of a process is at or before an earlier one of its own
--
-- A process is somewhere in each log it is assigned to. An assign keeps its place in the logs
-- that it had before, and in others it starts anew, wherever it likes. A send carries one
-- message, so there is nothing to go wrong within one.
--
-- Neighbours are judged by rank, see sim.checkers.kafka.versions: gaps between offsets are legal,
-- and where a message is at several offsets or shares one, that is reported as such.
-- @module sim.checkers.kafka.order

local order = {}

-- By how many ranks a log goes from one message to the next that a process had of it; 1, as is
-- right, where that is not known.
local function distance(earlier, later)
  return earlier.rank and later.rank and later.rank - earlier.rank or 1
end

local function report(errors, kind, earlier, later, ops)
  local log, delta = later.log, distance(earlier, later)
  errors:add(kind, {
    key = log.key, values = { earlier, later }, delta = delta, ops = ops, at = ops[#ops],
    weight = math.abs(delta),
    skipped = delta > 1 and table.move(log.by_rank, earlier.rank + 1, later.rank - 1, 1, {}) or nil,
  })
end

local function judge_poll(op, reads, last, errors)
  for _, read in ipairs(reads) do
    local list, log = read.messages, read.log
    local before = last[log.key]
    local delta = before and distance(before.message, list[1]) or 1
    if delta ~= 1 then
      report(errors, delta < 1 and "nonmonotonic-poll" or "poll-skip", before.message, list[1],
        { before.op, op })
    end
    for i = 2, #list do
      delta = distance(list[i - 1], list[i])
      if delta ~= 1 then
        report(errors, delta < 1 and "int-nonmonotonic-poll" or "int-poll-skip", list[i - 1],
          list[i], { op })
      end
    end
    last[log.key] = { message = list[#list], op = op }
  end
end

local function judge_send(op, message, last, errors)
  local before = last[message.log.key]
  if before and distance(before.message, message) < 1 then
    report(errors, "nonmonotonic-send", before.message, message, { before.op, op })
  end
  last[message.log.key] = { message = message, op = op }
end

local function keep_only(last, keys)
  local kept = {}
  for _, key in ipairs(keys) do
    kept[key] = last[key]
  end
  return kept
end

--- Finds them.
-- @tparam {operation,...} history
-- @tparam table found what versions.read returned
-- @tparam errors errors takes each, see sim.checkers.kafka
function order.judge(history, found, errors)
  local processes = {}
  for _, op in ipairs(history) do
    local process = processes[op.process]
    if not process then
      process = { polls = {}, sends = {} }
      processes[op.process] = process
    end
    if op.f == "poll" and op.outcome == "ok" then
      judge_poll(op, found.reads[op], process.polls, errors)
    elseif op.f == "send" and op.outcome ~= "fail" then
      judge_send(op, found.sent[op], process.sends, errors)
    elseif op.f == "assign" and op.outcome ~= "fail" then
      process.polls = keep_only(process.polls, op.value.keys)
      process.sends = keep_only(process.sends, op.value.keys)
    end
  end
end

return order
