---@meta hearsay.gossip.push
-- Written by `make docs`.

---Push with acknowledgement: each neighbour is sent what it is not known to have, again and again
---until it confirms.
---
---There is one request at a time to each neighbour. It carries all that was added since the last
---one that was confirmed, so values that come while one is under way travel together in the next,
---and a lost request is made good by the one after it. After a failure the pause doubles up to a
---cap, with jitter so that neighbours do not retry in step: a growing pause without a cap would be
---asleep when the network heals.
---
---On a graph with e edges a value costs up to 4e messages when values are rare (a request and its
---confirmation, each way), fewer the more of them share a request. It arrives after as many hops as
---the graph's diameter, and up to one round trip more where a request is under way.
---
---Survives any loss and any partition that ends: after it a value crosses each link within
---`timeout` (of a request that was lost just before), `cap` and a hop. A node that was restarted
---gets all that a neighbour has once that has something new for it: its confirmation tells.
---@class hearsay.gossip.push
local push = {}

---@class hearsay.gossip.push.start.options
---@field timeout? number (default 0.5) seconds until a request counts as lost; must exceed a round trip
---@field cap? number (default 2) longest pause after a failure, in seconds

---Starts pushing. Until `neighbours` is set, they are all other nodes.
---@param options hearsay.gossip.push.start.options
---@return hearsay.gossip.push.Push
function push.start(options) end

---@class hearsay.gossip.push.Push
local a_push = {}

---Takes a value from a client.
---@param value any anything that JSON can say
---@return boolean # whether it is new
function a_push:add(value) end

return push
