#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Kafka with offsets in lin-kv and entries in seq-kv, a key each.
--
-- Idea: the next offset of a log is a number in lin-kv; a cas takes it. The message is then written
-- to seq-kv, under its log and offset, where nobody else writes. A poll reads the number, so that
-- it knows which entries there are, and then the entries; those it has read it keeps.
-- Cost: a read, a cas and a write for each message; for each log that is polled a read, and one for
-- each entry, twice and a write where seq-kv shows an old state.
-- Weakness: allocation and write are two steps. A node that ends between them, or whose write is
-- lost, leaves a hole; a poll must not skip it, since the write may be late, so the log ends there.

local kafka = require "hearsay.kafka"
local kv = require "hearsay.kv"
local log = require "hearsay.log"

local logs = log.new() -- what was read
local commit, committed = kafka.commits_in(kv.lin)

local function entry(key, offset)
  return ("entry %s/%d"):format(key, offset)
end

-- Whether an entry is known, or can be read.
local function has(key, offset)
  local _, count = logs:read(key, offset, 1, offset + 1)
  if count == 1 then
    return true
  end
  local message = kv.seq:read(entry(key, offset))
  if message == nil then
    message = kv.seq:read_newest(entry(key, offset))
  end
  if message ~= nil then
    logs:insert(key, offset, message)
  end
  return message ~= nil
end

kafka.serve {
  send = function(key, message)
    local stop = kafka.need(kv.lin:update("end of " .. key, function(stop)
      return stop + 1
    end, 0))
    kafka.need(kv.seq:write(entry(key, stop - 1), message))
    return stop - 1
  end,

  poll = function(key, from)
    local stop = kafka.need(kv.lin:read("end of " .. key, 0))
    local at = from
    while at < stop and has(key, at) do
      at = at + 1
    end
    return (logs:read(key, from, nil, at))
  end,

  commit = commit,
  committed = committed,
}
