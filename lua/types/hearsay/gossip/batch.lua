---@meta hearsay.gossip.batch
-- Written by `make docs`.

---Batch: what is new waits for the end of a window, and goes to each neighbour in one message.
---
---Each node flushes by a clock of its own, and with jitter, so that nodes that were started
---together do not send together. A flush sends a neighbour what it has not confirmed, once
---(hearsay.gossip.link); it confirms what came from there, and is a message of its own only where
---there is nothing to send. What is not confirmed for `resend` is sent again.
---
---Cost: two messages a link and window at most, however many values there are; on a star with n
---nodes 2(n-1) a window. When nothing is new, nothing is sent. A value waits half a window and
---takes a hop at each node that it passes; on a star it arrives within two windows and two hops.
---The clocks of hub and leaves have nothing to do with each other: hearsay.gossip.hub brings them
---into step, and needs one window.
---
---Survives loss, partitions that end, and restarts, as far as the neighbours connect: on a star the
---hub is the one that must not fail.
---@class hearsay.gossip.batch
local batch = {}

---@class hearsay.gossip.batch.start.options
---@field window? number (default 0.5) mean seconds from flush to flush
---@field jitter? number (default 0.1) part of the window that is random, either way; less than 1
---@field resend? number (default 1) seconds until what was not confirmed is sent again; must exceed a round trip and a window

---Starts batches. Until `neighbours` is set, they are all other nodes.
---@param options hearsay.gossip.batch.start.options
---@return hearsay.gossip.batch.Batch
function batch.start(options) end

---@class hearsay.gossip.batch.Batch
local a_batch = {}

---Takes a value from a client.
---@param value any anything that JSON can say
---@return boolean # whether it is new
function a_batch:add(value) end

return batch
