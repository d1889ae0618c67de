--- What a history tells of the logs of a kafka: which message is at which offset, who sent it,
-- who saw it.
--
-- Offsets may be sparse, so nothing is concluded from the numbers between two of them: the
-- offsets that are known to exist, because a send was given one or a poll showed one, are sorted,
-- and the place of an offset among them is its *rank*. Two messages are next to each other when
-- their ranks differ by one.
--
-- A log is a table
--
--   key, messages    its messages, in the order in which sends and polls first name them
--   offsets          the known offsets, ascending
--   at               offset to the message that was first seen there
--   others           offset to a list of further messages there; only where nodes disagree
--   by_rank          rank to the message at that offset
--
-- and a message
--
--   log, value
--   send             the operation that sent it; nil when nobody did
--   offsets          where it was seen, in the order of first sight; more than one is a fault
--   rank             the rank of the last offset at which it was the first one seen, or nil
--   first_rank       the rank of its lowest offset; nil when none is known
--   first_poll       the poll that showed it and ended first; nil when none did
--   known_us         when its send was acknowledged or a poll first showed it; nil if neither did
-- @module sim.checkers.kafka.versions

local value = require "sim.checkers.value"

local versions = {}

-- Messages are integers, unless a node makes up something else. A float would be the same table
-- key as the integer that equals it; its text is not.
local function identity(message)
  return math.type(message) == "integer" and message or value.text(message)
end

local function find_log(found, key)
  local log = found.by_key[key]
  if not log then
    log = { key = key, messages = {}, ids = {}, offsets = {}, at = {}, others = {}, by_rank = {} }
    found.by_key[key] = log
    found.logs[#found.logs + 1] = log
  end
  return log
end

local function find_message(log, sent)
  local id = identity(sent)
  local message = log.ids[id]
  if not message then
    message = { log = log, value = sent, offsets = {} }
    log.ids[id] = message
    log.messages[#log.messages + 1] = message
  end
  return message
end

local function contains(list, element)
  for i = 1, #list do
    if list[i] == element then
      return true
    end
  end
  return false
end

-- Takes that a message is at an offset.
local function place(log, offset, message)
  local there = log.at[offset]
  if not there then
    log.at[offset] = message
    log.offsets[#log.offsets + 1] = offset
  elseif there ~= message then
    local others = log.others[offset] or {}
    log.others[offset] = others
    if contains(others, message) then
      return
    end
    others[#others + 1] = message
  else
    return
  end
  message.offsets[#message.offsets + 1] = offset
end

local function take_send(found, op)
  local log = find_log(found, op.value.key)
  local message = find_message(log, op.value.msg)
  message.send = op
  found.sent[op] = message
  if op.outcome == "ok" then
    place(log, op.result, message)
    message.known_us = op.complete_us
    found.acknowledged = found.acknowledged + 1
  end
end

local function key_before(a, b)
  return a.log.key < b.log.key
end

local function take_poll(found, op)
  local reads, seen_index = {}, op.complete_index
  for key, pairs_read in pairs(op.result) do
    if pairs_read[1] then
      local log, messages = find_log(found, key), {}
      local at, ids = log.at, log.ids
      for i = 1, #pairs_read do
        local offset, shown = pairs_read[i][1], pairs_read[i][2]
        local message = at[offset]
        if not message or message ~= ids[shown] or math.type(shown) ~= "integer" then
          message = find_message(log, shown)
          place(log, offset, message)
        end
        messages[i] = message
        local first = message.first_poll
        if not first or seen_index < first.complete_index then
          message.first_poll = op
        end
      end
      reads[#reads + 1] = { log = log, messages = messages, pairs = pairs_read }
    end
  end
  table.sort(reads, key_before)
  found.reads[op] = reads
end

local function rank(log)
  table.sort(log.offsets)
  for i, offset in ipairs(log.offsets) do
    local message = log.at[offset]
    log.by_rank[i] = message
    message.rank = i
    message.first_rank = message.first_rank or i
    for _, other in ipairs(log.others[offset] or {}) do
      other.first_rank = other.first_rank or i
    end
  end
end

--- Reads a history.
-- @tparam {operation,...} history as sim.checkers.kafka takes it
-- @treturn table `logs`, sorted by key; `sent`, a map from each send to its message; `reads`, a
--   map from each poll that is ok to what it showed, a list of `{log, messages, pairs}` sorted by
--   key, without keys that had nothing; and `acknowledged`, the number of sends that were
function versions.read(history)
  local found = { logs = {}, by_key = {}, sent = {}, reads = {}, acknowledged = 0 }
  for _, op in ipairs(history) do
    if op.f == "send" then
      take_send(found, op)
    elseif op.f == "poll" and op.outcome == "ok" then
      take_poll(found, op)
    end
  end
  table.sort(found.logs, function(a, b) return a.key < b.key end)
  for _, log in ipairs(found.logs) do
    rank(log)
    for _, message in ipairs(log.messages) do
      local poll = message.first_poll
      if poll and (not message.known_us or poll.complete_us < message.known_us) then
        message.known_us = poll.complete_us
      end
    end
  end
  return found
end

return versions
