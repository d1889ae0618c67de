#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 6a, transactions on a single node: keys and values in memory.
--
-- Messages have a coroutine each, but another one runs only where a handler waits. This one never
-- does, so a transaction has the node for itself from its first read to its last write: they happen
-- one after the other, which is strict serializability without a lock.
--
-- All micro-operations are checked before anything is written. Both workloads work,
-- txn-rw-register and txn-list-append.

local node = require "hearsay"
local txn = require "hearsay.txn"

local state = {}

local function get(key)
  return state[key]
end

node.on("txn", { txn = "array" }, function(msg)
  local done, writes = txn.run(msg.body.txn, get)
  for _, write in ipairs(writes) do
    state[write[1]] = write[2]
  end
  return { type = "txn_ok", txn = done }
end)
