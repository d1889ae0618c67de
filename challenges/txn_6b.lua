#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 6b, transactions on two nodes that are always available, also when they cannot reach
-- each other: each node answers at once from what it has, and tells the other later.
--
--     client          n0                              n1
--       | txn [r 1, w 1 x, w 2 y]                      |
--       |------------>| reads, stamps, writes          |
--       |<------------| txn_ok                         |
--       |             |== every window: new units ====>| keeps the later one of two
--       |             |<= its own, and what it has got | writes to a key
--
-- All that a transaction writes is a unit of one stamp: a Lamport clock and, where those are equal,
-- the node. Nothing waits in between, so a transaction reads a snapshot of its node, and a unit is
-- seen as a whole or not at all: more than the read-uncommitted that is asked for.
--
-- Cost: 2 messages a window at most, whatever the load, and none when nothing was written; and the
-- memory of what the other has not confirmed, which grows while it is away. Survives loss,
-- duplication, reordering, pauses and partitions: units arrive in the order in which they were
-- written, each once. A node that is killed has lost its memory, and what it had not told yet; the
-- other hands back all that it knows. Until that has come clients may see the past again.

local node = require "hearsay"
local outbox = require "hearsay.outbox"
local registers = require "hearsay.registers"
local txn = require "hearsay.txn"

local policy = node.parameters({
  window = 0.1, -- seconds from batch to batch: longer is cheaper, and nodes are further apart
}, ...)

local values = registers.new()

local function get(key)
  return values:get(key)
end

local box = outbox.start {
  name = "replicate",
  window = policy.window,
  receive = function(src, parts)
    for _, part in ipairs(parts) do
      values:take(src, part)
    end
  end,
  snapshot = function()
    return registers.parts(values:all())
  end,
}

node.on("txn", { txn = "array" }, function(msg)
  local done, writes = txn.run(msg.body.txn, get, { "r", "w" })
  for _, part in ipairs(registers.parts(values:write(writes))) do
    box:add(part)
  end
  return { type = "txn_ok", txn = done }
end)
