#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 5b, logs of several nodes that are kept in lin-kv and seq-kv.
--
-- All messages, of whatever key, have one order, and their places in it are their offsets. The end
-- of that order is in lin-kv under one key, the *head*; what is before it is in seq-kv, in blocks
-- of a fixed length that never change:
--
--     seq-kv   block 0: 0..63    block 1: 64..127    ..           never change
--     lin-kv   head: {base = 128, records = {128, 129, ..}}       a cas for each batch
--
-- A node collects what comes in for a moment (`linger`), or while a batch is under way, and appends
-- it with one read and one cas, which give the offsets too; when the head is full its first records
-- become a block. So each append also brings what others appended. A poll is answered from memory,
-- after a look at the head when the last one is some time ago. Committed offsets are records as
-- well, and go with the next batch.
--
-- seq-kv may show an old state, in which a block is missing. That is seen, as the head says which
-- there are, and a barrier makes up for it. An append whose answer was lost is looked for in the
-- head, under its id. So messages survive the end of all nodes, and no poll skips one.

local errors = require "hearsay.errors"
local ids = require "hearsay.ids"
local json = require "hearsay.json"
local kafka = require "hearsay.kafka"
local kv = require "hearsay.kv"
local log = require "hearsay.log"
local node = require "hearsay"

local parameters = node.parameters({
  linger = 0.005, -- seconds in which what is to be appended collects
  refresh = 0.05, -- seconds that a poll may lag
  commit = 0.2, -- seconds until a commit is appended, if no message is
  block = 64, -- records in a block
  most = 200, -- messages of a key in a poll
}, ...)

local HEAD = "kafka head"
local lin = kv.lin:with { deadline = 4, cap = 0.2 } -- seconds: of an append, and between its tries
local EMPTY = { base = 0, records = json.array(), last = {} }

local logs = log.new()
local known = 0 -- how many records are in `logs`
local looked_at = -math.huge -- when the head was last seen
local is_looking, is_appending = false, false
local sends = {} -- requests to be appended
local commits = {} -- key to offset, to be appended

-- A record is {key, message}, or {{key = offset, ..}} for what was committed.
local function is_record(record)
  if not json.is_array(record) or #record ~= 1 then
    return json.is_array(record) and #record == 2 and type(record[1]) == "string"
  end
  for key, offset in pairs(type(record[1]) == "table" and record[1] or { false }) do
    if type(key) ~= "string" or math.type(offset) ~= "integer" or offset < 0 then
      return false
    end
  end
  return true
end

local function are_records(list)
  for _, record in ipairs(json.is_array(list) and list or { false }) do
    if not is_record(record) then
      return false
    end
  end
  return true
end

-- What a store has under our keys is from nodes like this one, or else nobody can go on with it.
local function foreign(key, expected)
  return errors.new("crash", ("%s: expected %s"):format(key, expected))
end

-- Taking a record again does no harm.
local function take(records, base)
  for i, record in ipairs(records) do
    local place = base + i - 1
    if #record == 2 then
      logs:insert(record[1], place, record[2])
    else
      for key, offset in pairs(record[1]) do
        logs:commit(key, offset)
      end
    end
  end
  known = math.max(known, base + #records)
end

local function block_key(number)
  return "kafka block " .. number
end

-- What a store could not do for us; no message was appended by it.
local function unavailable(err)
  return errors.new("temporarily_unavailable", tostring(err))
end

-- Takes what the head tells, and the blocks before it that are not known. Returns true, or nil and
-- an error.
local function catch_up(head)
  local at = node.now()
  if type(head) ~= "table" or math.type(head.base) ~= "integer" or head.base < 0
    or not are_records(head.records) or type(head.last) ~= "table" then
    return nil, foreign(HEAD, "an object with base, records and last")
  end
  while known < head.base do
    local number = known // parameters.block
    local block, err = kv.seq:read(block_key(number))
    if not block then
      block, err = kv.seq:read_newest(block_key(number))
    end
    if not block then
      return nil, unavailable(err)
    elseif not are_records(block) or #block ~= parameters.block then
      return nil, foreign(block_key(number), "a block of records")
    end
    take(block, number * parameters.block)
  end
  take(head.records, head.base)
  looked_at = math.max(looked_at, at)
  return true
end

-- Makes a block of the head's first records, which never change: whoever does it, it is the same.
-- Returns true, or nil and an error.
local function shorten(head)
  local first = json.array(table.move(head.records, 1, parameters.block, 1, {}))
  local ok, err = kv.seq:write(block_key(head.base // parameters.block), first)
  if not ok then
    return nil, unavailable(err)
  end
  head.base = head.base + parameters.block
  head.records = json.array(table.move(head.records, parameters.block + 1, #head.records, 1, {}))
  return true
end

-- Appends records. Returns the offset of the first, or nil and an error.
local function append(records)
  local id, offset = ids.flake(), nil
  local head, err = lin:ensure(HEAD, function(head)
    local ok, problem = catch_up(head)
    if not ok then
      return nil, problem
    end
    local last = head.last[node.id]
    if type(last) == "table" and last.id == id then
      offset = last.offset
      return nil -- it is there
    end
    while #head.records >= parameters.block do
      ok, problem = shorten(head)
      if not ok then
        return nil, problem
      end
    end
    offset = head.base + #head.records
    table.move(records, 1, #records, #head.records + 1, head.records)
    head.last[node.id] = { id = id, offset = offset }
    return head
  end, EMPTY)
  if not head then
    return nil, err
  end
  take(head.records, head.base) -- what is before it was caught up with
  return offset
end

-- Appends what has collected, and what collects meanwhile.
local function flush()
  while not is_appending and (sends[1] or next(commits)) do
    local records, requests, committed = json.array(), sends, commits
    sends, commits, is_appending = {}, {}, true
    for i, msg in ipairs(requests) do
      records[i] = json.array({ msg.body.key, msg.body.msg })
    end
    if next(committed) then
      records[#records + 1] = json.array({ committed })
    end
    local first, err = append(records)
    is_appending = false
    if not first then
      for key, offset in pairs(committed) do
        commits[key] = math.max(commits[key] or offset, offset)
      end
    end
    for i, msg in ipairs(requests) do
      node.reply(msg, first and { type = "send_ok", offset = first + i - 1 } or errors.body(err))
    end
  end
end

kafka.serve {
  send = function(_, _, msg)
    sends[#sends + 1] = msg
    if #sends == 1 then
      node.after(parameters.linger, flush)
    end
  end,

  refresh = function()
    while is_looking do
      node.sleep(0.001) -- who looks, looks for all
    end
    if node.now() - looked_at < parameters.refresh then
      return
    end
    is_looking = true
    catch_up(lin:read(HEAD, EMPTY) or EMPTY) -- else it is answered from what is known
    is_looking = false
  end,

  poll = function(key, from)
    return (logs:read(key, from, parameters.most))
  end,

  commit = function(key, offset)
    if not next(commits) then
      node.after(parameters.commit, flush)
    end
    commits[key] = math.max(commits[key] or offset, offset)
  end,

  committed = function(key)
    return logs:committed(key)
  end,
}
