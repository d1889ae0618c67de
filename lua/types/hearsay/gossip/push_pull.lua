---@meta hearsay.gossip.push_pull
-- Written by `make docs`.

---Push-pull: now and then each node sends a random other one what that one is not known to have,
---and gets what it itself lacks in the reply.
---
---What two nodes have told each other is remembered in a link for each pair (hearsay.gossip.link),
---so what is sent is exact, and nothing is compared. But a pair does not know what others have told
---it: each value crosses each pair that meets.
---
---Cost: two messages an exchange, 2n / interval messages a second, however many values there are;
---never less, also when nothing is new. A value arrives everywhere within about log2(n) +
---log2(log(n)) intervals: by pushes those who have it double, by pulls those who lack it are
---squared (as parts of all).
---
---Survives loss, partitions, restarts, and nodes that reach each other only through others: what a
---pair has not confirmed goes into its next exchange. It remembers a few numbers of each other
---node.
---
---Source: Karp et al., Randomized Rumor Spreading, 2000, for why both push and pull.
---@class hearsay.gossip.push_pull
local push_pull = {}

---@class hearsay.gossip.push_pull.start.options
---@field interval? number (default 0.5) mean seconds from an exchange to the next that a node begins

---Starts exchanging. Until `neighbours` is set, they are all other nodes.
---@param options hearsay.gossip.push_pull.start.options
---@return hearsay.gossip.push_pull.PushPull
function push_pull.start(options) end

---@class hearsay.gossip.push_pull.PushPull
local a_push_pull = {}

---Takes a value from a client.
---@param value any anything that JSON can say
---@return boolean # whether it is new
function a_push_pull:add(value) end

return push_pull
