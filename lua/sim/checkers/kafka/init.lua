--- Whether a cluster keeps logs as a kafka does: what was acknowledged is seen, once, where it
-- was said to be, and by each consumer in order.
--
-- The operations it judges, and no others:
--
--   send    value {key, msg}; result, when it is ok, the offset
--   poll    result, when it is ok, a map from keys to arrays of {offset, message}; `commit`, from
--           keys to offsets, what its client asked to commit after it, however that ended
--   assign  value {keys, seek_to_beginning}; result, when it is ok and did not seek, a map from
--           keys to the committed offsets that the node listed
--
-- The kinds of errors, under Jepsen's names and with its meanings, are described where they are
-- found: sim.checkers.kafka.messages, .order and .commits. A history has none of them, or it is
-- invalid; it is unknown when no message was both acknowledged and polled.
-- @module sim.checkers.kafka

local sorted = require "hearsay.sorted"
local stats = require "sim.stats"
local value = require "sim.checkers.value"

local kafka = {}

local DETAILED = 8 -- errors of a kind that are described, the gravest first
local LISTED = 32 -- unseen messages of a key, and skipped ones, that are named; as in Jepsen

-- Collects errors by kind. Each is a table with
--
--   at      the operation that shows it, for the order
--   weight  how grave it is among its kind; 0 when missing
--   key, and what else there is to say: messages, operations, offsets
local Errors = {}
Errors.__index = Errors

function Errors:add(kind, err)
  local list = self.by_kind[kind]
  if not list then
    list = {}
    self.by_kind[kind] = list
  end
  list[#list + 1] = err
end

-- An operation as results describe it. Times are nanoseconds.
local function describe_op(op)
  return op and {
    process = op.process,
    node = op.node,
    f = op.f,
    type = op.outcome or "info",
    index = op.invoke_index,
    time = op.invoke_us * 1000,
    ["end-time"] = op.complete_us and op.complete_us * 1000,
  }
end

local function describe_all(list, describe)
  local described = value.array({})
  for i = 1, math.min(list and #list or 0, LISTED) do
    described[i] = describe(list[i])
  end
  return list and described
end

local function message_value(message)
  return message.value
end

local function describe_error(err)
  return {
    key = err.key,
    value = err.message and err.message.value,
    offset = err.offset,
    offsets = describe_all(err.offsets, function(offset) return offset end),
    delta = err.delta,
    values = describe_all(err.values or err.messages, message_value),
    skipped = describe_all(err.skipped, message_value),
    writer = describe_op(err.send),
    reader = describe_op(err.poll),
    ["max-read-offset"] = err.max_offset,
    ["max-read"] = describe_op(err.max_poll),
    committed = err.committed,
    before = err.before,
    op = describe_op(err.op),
    ops = describe_all(err.ops, describe_op),
  }
end

-- The gravest of the errors of a kind. Where two weigh the same, the earlier one.
local function describe_errors(list)
  for i, err in ipairs(list) do
    err.place = i
  end
  table.sort(list, function(a, b)
    local weight_a, weight_b = a.weight or 0, b.weight or 0
    if weight_a ~= weight_b then
      return weight_a > weight_b
    elseif a.at.invoke_index ~= b.at.invoke_index then
      return a.at.invoke_index < b.at.invoke_index
    end
    return a.place < b.place
  end)
  local described = value.array({})
  for i = 1, math.min(DETAILED, #list) do
    described[i] = describe_error(list[i])
  end
  return { count = #list, errs = described }
end

-- Unseen messages by key; of each key, how many and which.
local function describe_unseen(list)
  local unseen, named = {}, {}
  for _, err in ipairs(list) do
    local key = err.key
    unseen[key] = (unseen[key] or 0) + 1
    named[key] = named[key] or value.array({})
    if #named[key] < LISTED then
      table.insert(named[key], err.message.value)
    end
  end
  return { count = #list, unseen = unseen, messages = named }
end

-- The names of the errors for which nobody knows what became of operations.
local function info_causes(history)
  local causes = {}
  for _, op in ipairs(history) do
    if (op.f == "send" or op.f == "poll") and op.outcome == "info" then
      causes[op.error and op.error.name or "unknown"] = true
    end
  end
  return value.array(sorted.keys(causes))
end

local function count_messages(found)
  local polled, judged = 0, 0
  for _, log in ipairs(found.logs) do
    for _, message in ipairs(log.messages) do
      if message.first_poll then
        polled = polled + 1
        if message.send and message.send.outcome == "ok" then
          judged = judged + 1
        end
      end
    end
  end
  return polled, judged
end

--- Judges a history.
-- @tparam {operation,...} history in the order of invocation
-- @treturn table the result, with Jepsen's keys: error-types and bad-error-types, the kinds of
--   errors that were found; under the name of each its count and, but for `unseen`, errs, the
--   gravest eight; info-txn-causes; worst-realtime-lag (time of the poll and lag, in seconds).
--   And besides: realtime-lag, the distribution of the lags of messages in milliseconds, see
--   sim.checkers.kafka.lag; acknowledged-count, polled-count and key-count; committed-offsets,
--   how many were committed and listed
-- @treturn table `lags`: those of all messages in milliseconds; `known_us`: since when each existed
function kafka.check(history)
  local found = require("sim.checkers.kafka.versions").read(history)
  local errors = setmetatable({ by_kind = {} }, Errors)
  require("sim.checkers.kafka.messages").judge(found, errors)
  require("sim.checkers.kafka.order").judge(history, found, errors)
  local committed, listed = require("sim.checkers.kafka.commits").judge(history, errors)
  local lags, known_us, worst = require("sim.checkers.kafka.lag").measure(history, found)
  local polled, judged = count_messages(found)

  local kinds = value.array(sorted.keys(errors.by_kind))
  local valid = #kinds == 0
  if valid and judged == 0 then
    valid = "unknown"
  end
  local result = {
    ["valid?"] = valid,
    ["error-types"] = kinds,
    ["bad-error-types"] = kinds,
    ["info-txn-causes"] = info_causes(history),
    ["worst-realtime-lag"] = {
      time = worst.poll and worst.poll.invoke_us / 1e6 or 0,
      process = worst.poll and worst.poll.process,
      key = worst.key,
      lag = worst.lag_us / 1e6,
    },
    ["realtime-lag"] = stats.distribution(lags),
    ["acknowledged-count"] = found.acknowledged,
    ["polled-count"] = polled,
    ["key-count"] = #found.logs,
    ["committed-offsets"] = { ["commit-count"] = committed, ["list-count"] = listed },
  }
  for kind, list in pairs(errors.by_kind) do
    result[kind] = kind == "unseen" and describe_unseen(list) or describe_errors(list)
  end
  return result, { lags = lags, known_us = known_us }
end

return kafka
