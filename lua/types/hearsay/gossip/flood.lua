---@meta hearsay.gossip.flood
-- Written by `make docs`.

---Flooding: whoever sees a value for the first time sends it to all neighbours but the one it came
---from.
---
---The seen-set ends the flood: a node passes a value on once. On a connected graph with e edges a
---value costs 2e - (n - 1) messages (on a tree n - 1, the least there is) and arrives after as many
---hops as the graph's diameter at most.
---
---Survives nothing: a message that is lost is not sent again. In a graph with many ways around, a
---loss is often made good by another way; on a tree, and in a partition, values are lost.
---@class hearsay.gossip.flood
local flood = {}

---Starts flooding. There are no parameters. Until `neighbours` is set, they are all other nodes.
---@param options table
---@return hearsay.gossip.flood.Flood
function flood.start(options) end

---@class hearsay.gossip.flood.Flood
local a_flood = {}

---Takes a value and passes it on if it is new.
---@param value any anything that JSON can say
---@param from? string the node it came from; none for a client's
---@return boolean # whether it is new
function a_flood:add(value, from) end

return flood
