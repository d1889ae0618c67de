#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Transactions over lists, strict-serializable, by Raft: as if they came one after the other, each
-- between its request and its reply.
--
-- Every node has all lists. A transaction that appends is one entry of a log, and runs where it
-- stands there: at every node in the same order, on the same lists, with the same result. So there
-- is nothing to lock and nothing to abort. One that only reads needs no entry: it waits until its
-- node has all that was done before, and reads there, at one moment. See lua/hearsay/raft.
--
-- With `durable` a node knows after a kill what it had promised; without, a node that was killed
-- must not come back. Another way, with the lists in a store: variants/txn_root_pointer.lua.

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local node = require "hearsay"
local raft = require "hearsay.raft"
local txn = require "hearsay.txn"

local policy = node.parameters({
  window = 0.03, -- seconds in which requests collect at the leader: longer is cheaper, and slower
  gather = 0, -- the same at the node that was asked: worth it where many ask one node
  election = 0.5, -- seconds without a leader until there is an election
  deadline = 4, -- seconds until a transaction is given up
  durable = false, -- keeps the log on disk; for ./node in the folder that --data gives
}, ...)

local KINDS = { "r", "append" }

local lists = {} -- the JSON of a key to its list, which is never changed: an append makes another

local function get(key)
  return lists[json.encode(key)]
end

local function run(operations)
  local done, writes = txn.run(operations, get, KINDS)
  for _, write in ipairs(writes) do
    lists[json.encode(write[1])] = write[2]
  end
  return { type = "txn_ok", txn = done }
end

local group = raft.start {
  apply = run,
  save = function() return lists end,
  load = function(saved) lists = saved end,
  window = policy.window, gather = policy.gather, election = policy.election,
  deadline = policy.deadline, durable = policy.durable,
}

local function appends(operations)
  for _, operation in ipairs(operations) do
    if operation[1] == "append" then
      return true
    end
  end
  return false
end

node.on("txn", { txn = "array" }, function(msg)
  local operations = msg.body.txn
  txn.check(operations, KINDS)
  if appends(operations) then
    return group:change(operations, function(body, err)
      node.reply(msg, body or errors.body(err))
    end)
  end
  group:read(function(ok, err)
    node.reply(msg, ok and run(operations) or errors.body(err))
  end)
end)
