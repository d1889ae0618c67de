#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 6c, transactions that are causal, on any number of nodes, always available.
--
-- Read-committed is asked for; causal consistency with atomic visibility is about the most that
-- nodes can promise which answer at once while they cannot reach each other (Bailis and others,
-- "Highly Available Transactions: Virtues and Limitations", VLDB 2014). As in 6b a transaction
-- reads a snapshot of its node, what it writes is a unit of one stamp, and of two writes to a key
-- the later one stays. What is new is that a node passes on whatever is news to it:
--
--     n0 ---- x --------------> n2      n1 wrote y when it had seen x. So in what it sends,
--      \                      /         x comes before y: who has y from n1 has x from n1 as
--       `- x -> n1 -- x, y --'          well, even if n0 cannot reach n2, or is dead by now.
--
-- Each node tells the others all that it applied, in the order in which it did. Whoever applies the
-- beginning of such a list has a state that its sender was in, together with what it had before: a
-- snapshot of the one and the other merged, and both were causal. No version vectors, and nothing
-- ever waits for what has not come.
--
-- Cost: n(n-1) messages a window at most, and none when nothing was written; and the memory of what
-- a node that is away has not confirmed. On two nodes nothing is passed on; on more, a write
-- travels over every pair of nodes, not only from its own. Survives loss, duplication, reordering,
-- pauses and partitions. A node that is killed has lost its memory, and what it had told nobody
-- yet; the others hand back what they have. Until that has come it answers from the little that it
-- knows, so its clients may see the past again.

local node = require "hearsay"
local outbox = require "hearsay.outbox"
local registers = require "hearsay.registers"
local txn = require "hearsay.txn"

local policy = node.parameters({
  window = 0.1, -- seconds from batch to batch: longer is cheaper, and nodes are further apart
}, ...)

local values = registers.new()
local box

local function get(key)
  return values:get(key)
end

local function tell(unit)
  for _, part in ipairs(registers.parts(unit)) do
    box:add(part)
  end
end

box = outbox.start {
  name = "replicate",
  window = policy.window,
  receive = function(src, parts)
    for _, part in ipairs(parts) do
      local news = values:take(src, part)
      if #node.peers > 1 then
        tell(news)
      end
    end
  end,
  snapshot = function()
    return registers.parts(values:all())
  end,
}

node.on("txn", { txn = "array" }, function(msg)
  local done, writes = txn.run(msg.body.txn, get, { "r", "w" })
  tell(values:write(writes))
  return { type = "txn_ok", txn = done }
end)
