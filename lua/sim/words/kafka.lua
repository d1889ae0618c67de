--- What the screen says about workload kafka; see sim.words.
-- @module sim.words.kafka

local format = require "sim.format"
local sorted = require "hearsay.sorted"

local kafka = {}

local EXAMPLES = 3 -- of each kind of error
local NAMED = 8 -- messages that are named in one sentence

local function list(values)
  local words = {}
  for i = 1, math.min(NAMED, #values) do
    words[i] = format.short(values[i])
  end
  return table.concat(words, ", ") .. (#values > NAMED and ", .." or "")
end

local function moment(op)
  return format.seconds(op.time)
end

-- "the poll of process 3 at n1 at 1.250 s"
local function operation(op)
  return ("the %s of process %d at %s at %s"):format(op.f, op.process, op.node, moment(op))
end

local function message(err)
  return ("message %s of key %s"):format(format.short(err.value), format.short(err.key))
end

local function key(err)
  return "key " .. format.short(err.key)
end

-- "process 3 at n1 polled message 7 at 1.250 s and then, at 1.300 s, message 9"
local function one_after_the_other(err, verb)
  local before, after = err.ops[1], err.ops[#err.ops]
  if #err.ops == 1 then
    return ("%s: %s shows message %s and then %s"):format(key(err), operation(after),
      format.short(err.values[1]), format.short(err.values[2]))
  end
  return ("%s: process %d at %s %s message %s at %s and then, at %s, message %s"):format(key(err),
    after.process, after.node, verb, format.short(err.values[1]), moment(before), moment(after),
    format.short(err.values[2]))
end

local function backwards(err, verb)
  return one_after_the_other(err, verb) .. (err.delta == 0 and ", the same again"
    or (", which is %s before it"):format(format.count(-err.delta, "message")))
end

local function skipping(err)
  return ("%s, past %s"):format(one_after_the_other(err, "polled"), list(err.skipped))
end

local function early(err)
  return ("%s: shown by %s, before %s began"):format(message(err), operation(err.reader),
    operation(err.writer))
end

-- The kinds of errors, the gravest first: the noun for one and for several, the label of examples,
-- and what is said of one of them.
local kinds = {
  { "lost-write", "message lost", "messages lost", "Lost", function(err)
    local reader = err["max-read"]
    return ("%s: %s got offset %d; no poll shows it, though %s shows offset %d"):format(
      message(err), operation(err.writer), err.offset, operation(reader), err["max-read-offset"])
  end },
  { "unseen", "message never polled", "messages never polled", "Never polled" },
  { "duplicate", "message at several offsets", "messages at several offsets", "Twice", function(err)
    return ("%s is at offsets %s"):format(message(err), list(err.offsets))
  end },
  { "inconsistent-offsets", "offset with several messages", "offsets with several messages",
    "Inconsistent", function(err)
      return ("offset %d of %s has messages %s"):format(err.offset, key(err), list(err.values))
    end },
  { "never-sent", "message polled that nobody sent", "messages polled that nobody sent",
    "Never sent", function(err)
      return ("%s: shown at offset %d by %s"):format(message(err), err.offset,
        operation(err.reader))
    end },
  { "G1a", "message polled whose send failed", "messages polled whose sends failed", "Aborted read",
    function(err)
      return ("%s: %s failed, and yet %s shows it"):format(message(err), operation(err.writer),
        operation(err.reader))
    end },
  { "G1c-process", "message polled before its own process sent it",
    "messages polled before their own processes sent them", "Too early", early },
  { "G1c-realtime", "message polled before it was sent", "messages polled before they were sent",
    "Too early", early },
  { "poll-skip", "poll that skips messages", "polls that skip messages", "Skipped", skipping },
  { "int-poll-skip", "gap within polls", "gaps within polls", "Gap", skipping },
  { "nonmonotonic-poll", "poll that goes back", "polls that go back", "Back",
    function(err) return backwards(err, "polled") end },
  { "int-nonmonotonic-poll", "step back within polls", "steps back within polls", "Back in a poll",
    function(err) return backwards(err, "polled") end },
  { "nonmonotonic-send", "send that goes back", "sends that go back", "Back in sends",
    function(err) return backwards(err, "sent") end },
  { "committed-above", "committed offset that nobody committed",
    "committed offsets that nobody committed", "Committed", function(err)
      local highest = err.committed and "the highest that had been committed is " .. err.committed
        or "nothing had been committed"
      return ("%s: %s lists offset %d; %s"):format(key(err), operation(err.op), err.offset, highest)
    end },
  { "committed-backwards", "committed offset that went back", "committed offsets that went back",
    "Committed", function(err)
      return ("%s: %s lists offset %d, and %s lists %s"):format(key(err), operation(err.ops[1]),
        err.before, operation(err.ops[2]), err.offset or "none")
    end },
}

function kafka.good(result)
  return format.count(result["acknowledged-count"], "message")
    .. " acknowledged, and every one polled: none lost, none twice, all in order"
end

kafka.unknown = "too little to judge: no message was both acknowledged and polled"

function kafka.bad(result, wrong)
  for _, kind in ipairs(kinds) do
    local errors = result[kind[1]]
    if errors then
      wrong[#wrong + 1] = format.count(errors.count, kind[2], kind[3])
    end
  end
end

local function explain_unseen(unseen, label, page)
  local keys = sorted.keys(unseen.messages)
  for i = 1, math.min(EXAMPLES, #keys) do
    page:row(i == 1 and label or "", ("key %s: %s%s"):format(format.short(keys[i]),
      list(unseen.messages[keys[i]]), i == EXAMPLES and #keys > i and "; .." or "."))
  end
end

function kafka.explain(result, page)
  for _, kind in ipairs(kinds) do
    local name, _, _, label, describe = table.unpack(kind)
    local errors = result[name]
    if errors and describe then
      for i = 1, math.min(EXAMPLES, #errors.errs) do
        page:row(i == 1 and label or "", describe(errors.errs[i]) .. ".", nil, errors.errs[i])
      end
    elseif errors then
      explain_unseen(errors, label, page)
    end
  end
end

function kafka.note(result, page)
  local lag = result["realtime-lag"]
  if lag then
    page:row("Lag of polls", ("median %s ms, 99%% %s ms, most %s ms"):format(
      format.milliseconds(lag["0.5"]), format.milliseconds(lag["0.99"]),
      format.milliseconds(lag["1"])))
  end
end

return kafka
