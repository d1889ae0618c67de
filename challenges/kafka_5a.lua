#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 5a, a log for each key, on a single node.
--
-- The logs are in C (hearsay.log); offsets count from 0. A poll gets no more than `most` messages
-- of a key, so that a line stays short; the next poll goes on from there.

local kafka = require "hearsay.kafka"
local log = require "hearsay.log"
local node = require "hearsay"

local parameters = node.parameters({
  most = 200, -- messages of a key in a poll
}, ...)

local logs = log.new()

kafka.serve {
  send = function(key, message)
    return logs:append(key, message)
  end,

  poll = function(key, from)
    return (logs:read(key, from, parameters.most))
  end,

  commit = function(key, offset)
    logs:commit(key, offset)
  end,

  committed = function(key)
    return logs:committed(key)
  end,
}
