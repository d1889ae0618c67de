#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Kafka in lin-kv with batches that linger: a key for each block of messages.
--
-- Idea: what is sent to a log within `linger` seconds makes a block, which is created under the
-- next number of that log; where there is one already, that is read, and the next number tried.
-- Blocks never change, so each node reads each but once. A poll looks whether there is a next one.
-- Cost: one request for all messages that share a block and one for each node that polls it; one
-- for each log in a poll, which says that there is no more.
-- Weakness: a send takes as long as it lingers, and clients that wait for it send less: with few of
-- them a block has hardly more than one message. Each log has blocks of its own, and each poll asks
-- for each log.

local ids = require "hearsay.ids"
local json = require "hearsay.json"
local kafka = require "hearsay.kafka"
local kv = require "hearsay.kv"
local log = require "hearsay.log"
local node = require "hearsay"

local parameters = node.parameters({
  linger = 0.02, -- seconds
}, ...)

local logs = log.new() -- what was read
local next_block = {} -- by key: the number of the first block that is not known
local lingering = {} -- by key: requests whose messages are the next block
local bases = {} -- id of a block of this node's that is being made to its base, once that is known
local commit, committed = kafka.commits_in(kv.lin)

local function block_key(key, number)
  return ("block %s/%d"):format(key, number)
end

local function take(key, number, block)
  for i, message in ipairs(block.messages) do
    logs:insert(key, block.base + i - 1, message)
  end
  next_block[key] = math.max(next_block[key] or 0, number + 1)
  bases[block.id] = bases[block.id] and block.base
end

-- Reads the blocks of a key that are not known.
local function catch_up(key)
  while true do
    local number = next_block[key] or 0
    local block, err = kv.lin:read(block_key(key, number))
    if not block then
      return err.name == "key_does_not_exist" or error(err, 0)
    end
    take(key, number, block)
  end
end

-- Makes a block of what lingered, and replies.
local function flush(key)
  local requests, messages, id = lingering[key], json.array(), ids.flake()
  lingering[key], bases[id] = nil, -1
  for i, msg in ipairs(requests) do
    messages[i] = msg.body.msg
  end
  while bases[id] < 0 do
    local number = next_block[key] or 0
    local block = { id = id, base = (logs:last(key) or -1) + 1, messages = messages }
    if kv.lin:create(block_key(key, number), block) then
      take(key, number, block)
    else
      pcall(catch_up, key) -- there is another block, or nobody knows
    end
  end
  for i, msg in ipairs(requests) do
    node.reply(msg, { type = "send_ok", offset = bases[id] + i - 1 })
  end
  bases[id] = nil
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

  commit = commit,
  committed = committed,
}
