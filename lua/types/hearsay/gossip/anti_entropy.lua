---@meta hearsay.gossip.anti_entropy
-- Written by `make docs`.

---Anti-entropy: now and then each node compares its values with those of a random other one, and
---both have then what one of them had (hearsay.gossip.exchange).
---
---Cost: a message an exchange while all is equal, up to three under load: n / interval to 3n /
---interval messages a second, however many values there are; never less, also when nothing is new.
---Every exchange of nodes that differ brings both to the union, so those who have a value double at
---first, and those who lack it are squared at last (as parts of all): a value arrives everywhere
---within about log2(n) + log2(log(n)) intervals, not at a time that one could promise. In bytes it
---is the dearest: what differs is found by buckets, so much travels that was there.
---
---Survives everything that ends: loss, partitions, restarts, nodes that reach each other only
---through others. There is no tree and no hub to fail, and nothing to remember of others. It loses
---only what no living node has.
---
---Source: Demers et al., Epidemic Algorithms for Replicated Database Maintenance, 1987.
---@class hearsay.gossip.anti_entropy
local anti_entropy = {}

---@class hearsay.gossip.anti_entropy.start.options
---@field interval? number (default 0.5) mean seconds from an exchange to the next that a node begins

---Starts exchanging. Until `neighbours` is set, they are all other nodes.
---@param options hearsay.gossip.anti_entropy.start.options
---@return hearsay.gossip.anti_entropy.AntiEntropy
function anti_entropy.start(options) end

---@class hearsay.gossip.anti_entropy.AntiEntropy
local a_anti_entropy = {}

---Takes a value from a client.
---@param value any anything that JSON can say
---@return boolean # whether it is new
function a_anti_entropy:add(value) end

return anti_entropy
