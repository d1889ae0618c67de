#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Kafka in lin-kv with batches that linger: a key for each block of messages.
--
-- Idea: what is sent to a log within a moment makes a block, which is created under the log's next
-- number, or where there is one already, the one after. Blocks never change, so each is read once.
-- Cost: a request for all messages of a block, one for each node that polls it, and one for each
-- log in a poll, to see whether there is more.
-- Weakness: a send takes as long as it lingers; with few clients a block has hardly more than one
-- message.

local ids = require "hearsay.ids"
local kafka = require "hearsay.kafka"
local kv = require "hearsay.kv"
local log = require "hearsay.log"
local node = require "hearsay"

local BLOCK = "block %s/%d" -- key and number
local parameters = node.parameters({ linger = 0.02 }, ...) -- seconds
local logs = log.new() -- what was read
local next_block = {} -- by key: the number of the first block that is not known
local lingering = {} -- by key: requests whose messages are the next block
local commit, committed = kafka.commits_in(kv.lin)

local function take(key, number, block)
  for i, message in ipairs(block.messages) do
    logs:insert(key, block.base + i - 1, message)
  end
  next_block[key] = math.max(next_block[key] or 0, number + 1)
end

-- Reads the blocks of a key that are not known.
local function catch_up(key)
  while true do
    local number = next_block[key] or 0
    local block, err = kv.lin:read(BLOCK:format(key, number))
    if not block then
      return err.name == "key_does_not_exist" or error(err, 0)
    end
    take(key, number, block)
  end
end

-- Makes a block of what lingered, and replies. After a time-out it is seen whether it was made.
local function flush(key)
  local requests, number, made = lingering[key], next_block[key] or 0
  local block = { id = ids.flake(), messages = {} }
  lingering[key] = nil
  for i, msg in ipairs(requests) do
    block.messages[i] = msg.body.msg
  end
  repeat
    local name = BLOCK:format(key, number)
    block.base = (logs:last(key) or -1) + 1
    made = kv.lin:create(name, block) and block or kv.lin:read(name)
    if made then
      take(key, number, made)
      number = number + 1
    end
  until made and made.id == block.id
  for i, msg in ipairs(requests) do
    node.reply(msg, { type = "send_ok", offset = made.base + i - 1 })
  end
end

kafka.serve {
  send = function(key, _, msg)
    if not lingering[key] then
      lingering[key] = {}
      node.after(parameters.linger, function() flush(key) end)
    end
    table.insert(lingering[key], msg)
  end,

  poll = function(key, from)
    catch_up(key)
    return (logs:read(key, from))
  end,

  commit = commit, committed = committed,
}
