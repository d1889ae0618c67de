#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 5a, a log for each key, on a single node.
--
-- The logs are in C (hearsay.log); offsets count from 0. A poll gets no more than `most` messages
-- of a key, so that a line stays short; the next poll goes on from there. With `durable` the logs
-- are on disk, and a reply waits until all that it shows is synced, so that a kill takes back
-- nothing that anybody was told. With `keep` committed messages are given up, and the disk gets its
-- space back: polls from below the first that is kept begin there.

local kafka = require "hearsay.kafka"
local log = require "hearsay.log"
local node = require "hearsay"

local parameters = node.parameters({
  most = 200, -- messages of a key in a poll
  durable = false, -- keeps the logs on disk; for ./node in the folder that --data gives
  segment = 4 << 20, -- bytes of one of their files
  keep = math.huge, -- committed messages of a key that are kept
}, ...)

local logs = log.new()

local function synced(...)
  assert(logs:sync())
  return ...
end

node.on_init(function()
  logs = parameters.durable and assert(log.open("kafka.log",
    { segment = parameters.segment })) or logs
end)

kafka.serve {
  send = function(key, message)
    return synced(logs:append(key, message))
  end,

  poll = function(key, from)
    return (synced(logs:read(key, from, parameters.most)))
  end,

  commit = function(key, offset)
    logs:commit(key, offset)
    kafka.retain(logs, key, parameters.keep)
    synced()
  end,

  committed = function(key)
    return synced(logs:committed(key))
  end,
}
