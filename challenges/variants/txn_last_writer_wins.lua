#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Transactions, last writer wins: what a transaction wrote is sent to each other node by a request
-- of its own, again and again until that has confirmed it; of two writes to a key the one with the
-- later stamp stays (Lamport clock, and where those are equal the node).
--
-- Idea: the least that converges. Order does not matter, since stamps decide; losses do not matter,
-- since requests are repeated. A transaction is applied in one step, so none is seen in part.
--
-- Cost: 2 messages for each other node and each transaction that writes, and more through
-- partitions; some 70 times what batches of 0.1 s need on two nodes at 1,000 transactions a second.
--
-- Weakness: requests overtake each other, at the latest when one is lost and repeated. A node may
-- show an effect and not yet its cause, or a write and then miss what its writer wrote before: it
-- is not causal. Through a partition every transaction has a retry loop of its own. And nobody
-- hands anything back to a node that was killed, which then differs for ever.

local node = require "hearsay"
local registers = require "hearsay.registers"
local retry = require "hearsay.retry"
local txn = require "hearsay.txn"

local policy = node.parameters({
  timeout = 0.5, -- seconds until a request counts as lost
  cap = 2, -- longest pause after a failure, in seconds
}, ...)

local values = registers.new()

local function get(key)
  return values:get(key)
end

local function replicate(peer, unit)
  local backoff = retry.backoff { first = policy.timeout, cap = policy.cap, random = node.random }
  while not node.rpc(peer, { type = "replicate", unit = unit }, policy.timeout) do
    node.sleep(backoff:next())
  end
end

node.on("replicate", { unit = "array" }, function(msg)
  values:merge(msg.body.unit)
  return { type = "replicate_ok" }
end)

node.on("txn", { txn = "array" }, function(msg)
  local done, writes = txn.run(msg.body.txn, get, { "r", "w" })
  local unit = values:write(writes)
  for _, peer in ipairs(unit[1] and node.peers or {}) do
    node.spawn(replicate, peer, unit)
  end
  return { type = "txn_ok", txn = done }
end)
