#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Kafka with the whole log of a key as one value in lin-kv.
--
-- Idea: an array a key. A send reads it and sets it with one message more, by a cas that fails when
-- somebody else was faster; then it tries again. A poll reads it. Nothing is kept in the nodes, and
-- nothing can be half done.
-- Cost: two requests for a message, more where nodes contend; one for each log that is polled.
-- Weakness: each request carries the log from its beginning, so the bytes grow with the square of
-- the messages, and lines without bound: after some thousand messages they are longer than the
-- 64 KB at which some programs give up. Nodes that send to one log at the same time hinder each
-- other. And a message has no id: where a network doubles a cas and the failure of the second is
-- heard first, the message is appended twice.

local json = require "hearsay.json"
local kafka = require "hearsay.kafka"
local kv = require "hearsay.kv"

local commit, committed = kafka.commits_in(kv.lin)

kafka.serve {
  send = function(key, message)
    local log = kafka.need(kv.lin:update("log " .. key, function(log)
      log[#log + 1] = message
      return log
    end, json.array()))
    return #log - 1
  end,

  poll = function(key, from)
    local log = kafka.need(kv.lin:read("log " .. key, json.array()))
    local shown = json.array()
    for offset = from, #log - 1 do
      shown[#shown + 1] = json.array({ offset, log[offset + 1] })
    end
    return shown
  end,

  commit = commit,
  committed = committed,
}
