#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Kafka with a leader for each key: a hash names the node that keeps a log, and others forward.
--
-- Idea: the owner of a key takes its messages one after the other, in memory, so there is nothing
-- to agree on. Whoever is asked for keys of another node asks that node, once for all of them. The
-- hash (FNV-1a) is the same in every process; where each seeds its own, a key has several owners.
-- Cost: two messages for each owner that is not the node that was asked.
-- Weakness: in a partition the keys of the other side are out of reach, and what a node that ends
-- owned is lost. A request that a network doubles is taken twice. A key has one node to serve it.

local kafka = require "hearsay.kafka"
local log = require "hearsay.log"
local node = require "hearsay"

local logs = log.new()

-- Fowler, Noll and Vo's hash 1a, 32 bits: draft-eastlake-fnv, section 2.
local function owner(key)
  local hash = 0x811c9dc5
  for i = 1, #key do
    hash = ((hash ~ key:byte(i)) * 0x01000193) & 0xffffffff
  end
  return node.ids[hash % #node.ids + 1]
end

local function ask(id, body)
  return kafka.need(node.rpc(id, body, 2))
end

-- Calls fn(owner, part) for each owner of some keys, in order; the part of the table is its own.
local function each_owner(fields, fn)
  for _, id in ipairs(node.ids) do
    local part
    for key, value in pairs(fields) do
      if owner(key) == id then
        part = part or {}
        part[key] = value
      end
    end
    if part then
      fn(id, part)
    end
  end
end

kafka.serve {
  send = function(key, message)
    if owner(key) == node.id then
      return logs:append(key, message)
    end
    return ask(owner(key), { type = "send", key = key, msg = message }).offset
  end,

  poll_all = function(offsets)
    local msgs = {}
    each_owner(offsets, function(id, part)
      local there = id ~= node.id and ask(id, { type = "poll", offsets = part }).msgs
      for key, from in pairs(part) do
        msgs[key] = there and there[key] or (logs:read(key, from))
      end
    end)
    return msgs
  end,

  commit_all = function(offsets)
    each_owner(offsets, function(id, part)
      for key, offset in pairs(id == node.id and part or {}) do
        logs:commit(key, offset)
      end
      return id == node.id or ask(id, { type = "commit_offsets", offsets = part })
    end)
  end,

  committed = function(key)
    if owner(key) == node.id then
      return logs:committed(key)
    end
    return ask(owner(key), { type = "list_committed_offsets", keys = { key } }).offsets[key]
  end,
}
