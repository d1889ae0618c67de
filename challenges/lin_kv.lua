#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Linearizable registers, by Raft: what the service lin-kv is, built of the nodes themselves.
--
-- Every node has all registers. Writes and compare-and-sets go through a log, which is the same at
-- every node, and are done where they stand in it; a read waits until its node has all that was
-- done before, and is answered from there. Any node takes any request. How, and what it costs:
-- lua/hearsay/raft.
--
--     client -> n3 --- forward, for all requests of a moment ---> n0, who leads
--                                        n0 --- append, to everybody ---> n1 n2 n3 n4
--                  <-- commit: what a majority has -------------- n0
--
-- With `durable` a node knows after a kill what it had promised; without, a node that was killed
-- must not come back.

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local node = require "hearsay"
local raft = require "hearsay.raft"

local policy = node.parameters({
  window = 0.03, -- seconds in which requests collect at the leader: longer is cheaper, and slower
  gather = 0, -- the same at the node that was asked: worth it where many ask one node
  election = 0.5, -- seconds without a leader until there is an election
  durable = false, -- keeps the log on disk; for ./node in the folder that --data gives
}, ...)

local values = {} -- the JSON of a key to the JSON of its value: 1, 1.0 and "1" differ

local function need(key)
  if not values[key] then
    error(errors.new("key_does_not_exist", "there is no key " .. key), 0)
  end
  return values[key]
end

local operations = {}

function operations.write(key, value)
  values[key] = value
  return { type = "write_ok" }
end

function operations.cas(key, from, to)
  if need(key) ~= from then
    error(errors.new("precondition_failed", ("key %s has the value %s, not %s"):format(key,
      values[key], from)), 0)
  end
  values[key] = to
  return { type = "cas_ok" }
end

local group = raft.start {
  apply = function(operation) return operations[operation[1]](table.unpack(operation, 2)) end,
  save = function() return values end,
  load = function(saved) values = saved end,
  gather = policy.gather, window = policy.window, election = policy.election,
  durable = policy.durable,
}

local function text(value)
  return json.encode(value, true)
end

local function change(msg, ...)
  group:change(json.array({ ... }), function(body, err)
    node.reply(msg, body or errors.body(err))
  end)
end

node.on("read", { key = "any" }, function(msg)
  local key = text(msg.body.key)
  group:read(function(ok, err)
    local value = ok and values[key]
    if value then
      return node.reply(msg, { type = "read_ok", value = json.raw(value) })
    end
    node.reply(msg, errors.body(err or errors.new("key_does_not_exist", "there is no key " .. key)))
  end)
end)

node.on("write", { key = "any", value = "any" }, function(msg)
  change(msg, "write", text(msg.body.key), text(msg.body.value))
end)

node.on("cas", { key = "any", from = "any", to = "any" }, function(msg)
  change(msg, "cas", text(msg.body.key), text(msg.body.from), text(msg.body.to))
end)
