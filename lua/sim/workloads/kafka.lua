--- Workload kafka: logs by key. A message that is sent gets an offset in its log; whoever polls a
-- log from an offset on is shown what is there, in order.
--
-- A client sends, polls the logs it is assigned to and then commits the highest offsets it was
-- shown, and is assigned to other logs. Where it is in a log it knows itself: an assign asks for
-- the committed offsets, but goes on where the client was, and in a log that is new to it begins
-- at 0, as Maelstrom's client does. What was listed is for the checker.
-- @module sim.workloads.kafka

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local kafka_load = require "sim.workloads.kafka_load"
local sorted = require "hearsay.sorted"
local workloads = require "sim.workloads"

local kafka = {
  types = { "send", "poll", "commit_offsets", "list_committed_offsets" },
  generator = kafka_load.generator,
  final = kafka_load.final,
  idempotent = {},
  check = require("sim.checkers.kafka").check,
}

local function is_offset(v)
  return math.type(v) == "integer"
end

-- Whether a value is an object all of whose fields are right.
local function is_map(object, is_right)
  if type(object) ~= "table" or json.is_array(object) then
    return false
  end
  for _, field in pairs(object) do
    if not is_right(field) then
      return false
    end
  end
  return true
end

local function is_list_of_pairs(list)
  if not json.is_array(list) then
    return false
  end
  for i = 1, #list do
    local pair = list[i]
    if not (json.is_array(pair) and #pair == 2 and is_offset(pair[1])) then
      return false
    end
  end
  return true
end

-- What each request is answered with: its type, the field that matters, whether that is right,
-- and all of it in words.
local replies = {
  send = { "send_ok", "offset", is_offset, '{"type": "send_ok", "offset": a whole number}' },
  poll = { "poll_ok", "msgs", function(msgs) return is_map(msgs, is_list_of_pairs) end,
    '{"type": "poll_ok", "msgs": {key: [[offset, message], ..], ..}}' },
  commit_offsets = { "commit_offsets_ok", "type", function() return true end,
    '{"type": "commit_offsets_ok"}' },
  list_committed_offsets = { "list_committed_offsets_ok", "offsets",
    function(offsets) return is_map(offsets, is_offset) end,
    '{"type": "list_committed_offsets_ok", "offsets": {key: a whole number, ..}}' },
}

-- Asks, and goes on with the field of the reply; without a right one the operation is done.
local function request(ask, body, done, go_on)
  local reply_type, field, is_right, expected = table.unpack(replies[body.type])
  ask(body, function(reply, err)
    if not reply then
      done(nil, err)
    elseif reply.type ~= reply_type or not is_right(reply[field]) then
      done(nil, workloads.malformed(reply, expected))
    else
      go_on(reply[field])
    end
  end)
end

local actions = {}

function actions.send(op, ask, done)
  request(ask, { type = "send", key = op.value.key, msg = op.value.msg }, done, done)
end

-- Where the client is in each log is `process.positions`: the offset it asks for next.
function actions.poll(op, ask, done, process)
  local positions = process.positions or {}
  request(ask, { type = "poll", offsets = positions }, done, function(msgs)
    local highest = {}
    for key, shown in pairs(msgs) do
      for i = 1, #shown do
        highest[key] = math.max(highest[key] or shown[i][1], shown[i][1])
      end
    end
    local function finish()
      for key, offset in pairs(highest) do
        positions[key] = math.max(positions[key] or 0, offset + 1)
      end
      process.positions = positions
      done(msgs)
    end
    if not next(highest) then
      return finish()
    end
    op.commit = highest
    request(ask, { type = "commit_offsets", offsets = highest }, done, finish)
  end)
end

function actions.assign(op, ask, done, process)
  local keys, before = op.value.keys, process.positions or {}
  local function finish(listed)
    process.positions = {}
    for _, key in ipairs(keys) do
      process.positions[key] = not op.value.seek_to_beginning and before[key] or 0
    end
    done(listed)
  end
  if op.value.seek_to_beginning then
    return finish(true)
  end
  request(ask, { type = "list_committed_offsets", keys = keys }, done, finish)
end

-- The client gives up, and another one takes its place.
function actions.crash(op, _, done)
  op.planned = true
  done(nil, errors.new("crash", "the client gave up, as the workload wants it"))
end

--- Does an operation; see sim.workloads.
function kafka.perform(op, ask, done, process)
  actions[op.f](op, ask, done, process)
end

-- Polls of all logs that the history names, from their beginning until nothing more is shown.
local function poll_all(history)
  local keys, is_known, seen = json.array({}), {}, 0
  for _, op in ipairs(history) do
    local key = op.f == "send" and op.value.key
    if key and not is_known[key] then
      is_known[key] = true
      keys[#keys + 1] = key
    end
  end
  local shown_before = {} -- key to its highest offset
  local function has_news(msgs)
    local is_new = false
    for key, list in pairs(msgs) do
      for i = 1, #list do
        if list[i][1] > (shown_before[key] or -1) then
          shown_before[key], is_new = list[i][1], true
        end
      end
    end
    return is_new
  end
  return function(last)
    if not keys[1] then
      return nil
    elseif not last then
      return "assign", { keys = keys, seek_to_beginning = true }
    end
    seen = seen + 1
    if seen == 1 or (seen <= #history and has_news(last.result or {})) then
      return "poll"
    end
  end
end

local function shown(op)
  local pairs_shown = {}
  if op.f == "poll" then
    for _, key in ipairs(sorted.keys(op.result)) do
      for _, entry in ipairs(op.result[key]) do
        pairs_shown[#pairs_shown + 1] = { json.array({ key, entry[1] }), entry[2] }
      end
    end
  end
  return pairs_shown
end

kafka.contents = { noun = "offset", operations = poll_all, shown = shown }

return kafka
