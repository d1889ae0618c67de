#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Transactions, gossiped snapshots: now and then every node sends its whole state to all others,
-- which merge it into theirs; of two writes to a key the one with the later stamp stays (Lamport
-- clock, and where those are equal the node).
--
-- Idea: the simplest that is right. No confirmations, no resending, no memory of who has what: the
-- next snapshot makes good whatever was lost, also to a node that was killed. And a snapshot holds
-- all that came before anything in it, so merging it in one step is causal on any number of nodes.
--
-- Cost: n(n-1) messages an interval, forever: 0.004 an operation on two nodes at 1,000 a second.
--
-- Weakness: each line holds everything there ever was. It grows without bound, past 64 KB within a
-- minute at that rate, where readers with a limit on a line die; and so do the bytes sent and the
-- time to read them, for news of some hundred bytes.

local node = require "hearsay"
local registers = require "hearsay.registers"
local txn = require "hearsay.txn"

local policy = node.parameters({
  interval = 0.5, -- seconds from snapshot to snapshot
}, ...)

local values = registers.new()

local function get(key)
  return values:get(key)
end

node.on("snapshot", { unit = "array" }, function(msg)
  values:merge(msg.body.unit)
end)

node.on_init(function()
  node.every(policy.interval, function()
    for _, peer in ipairs(node.peers) do
      node.send(peer, { type = "snapshot", unit = values:all() })
    end
  end)
end)

node.on("txn", { txn = "array" }, function(msg)
  local done, writes = txn.run(msg.body.txn, get, { "r", "w" })
  values:write(writes)
  return { type = "txn_ok", txn = done }
end)
