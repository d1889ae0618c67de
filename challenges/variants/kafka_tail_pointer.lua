#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Kafka in lin-kv with an entry a key, and a pointer to the tail of each log.
--
-- Idea: an entry is appended by creating the next key that nobody else has created, so a log has no
-- holes. The pointer is only a hint where to begin: it is moved after an entry is there, and when
-- that is lost, or somebody else was faster, who appends next goes on from where it is. An entry
-- carries an id: who does not know whether its own was created reads, and sees.
-- Cost: three requests for a message: read the pointer, create, move it; one for each entry that is
-- polled for the first time, and one a log that says that there is no more.
-- Weakness: a message costs as much however many there are, since none share a request; nodes that
-- append to one log try one place after the other. A poll takes a round trip for each entry that it
-- reads for the first time: where there are many it may take too long for its client.

local ids = require "hearsay.ids"
local json = require "hearsay.json"
local kafka = require "hearsay.kafka"
local kv = require "hearsay.kv"
local log = require "hearsay.log"

local logs = log.new() -- what was read
local commit, committed = kafka.commits_in(kv.lin)

local function entry(key, offset)
  return ("entry %s/%d"):format(key, offset)
end

-- Creates an entry at an offset, and says whether it is there: false when another one is.
local function create(key, offset, value)
  while true do
    local ok, err = kv.lin:create(entry(key, offset), value)
    if ok then
      return true
    end
    local there, why = kv.lin:read(entry(key, offset))
    if there then
      return there[1] == value[1]
    elseif why.name ~= "key_does_not_exist" or err.definite then
      error(why, 0)
    end
  end
end

kafka.serve {
  send = function(key, message)
    local pointer = kafka.need(kv.lin:read("tail of " .. key, 0))
    local offset, value = pointer, json.array({ ids.flake(), message })
    while not create(key, offset, value) do
      offset = offset + 1
    end
    kv.lin:cas("tail of " .. key, pointer, offset + 1, true) -- or somebody else did, or will
    return offset
  end,

  poll = function(key, from)
    local known, count, at = logs:read(key, from)
    local value = kv.lin:read(entry(key, at))
    while value do
      logs:insert(key, at, value[2])
      known, count, at = logs:read(key, from)
      value = kv.lin:read(entry(key, at))
    end
    return known, count
  end,

  commit = commit,
  committed = committed,
}
