---@meta hearsay.gossip.plumtree
-- Written by `make docs`.

---Plumtree: a tree for the values of each node, and announcements that mend the trees.
---
---At first every link is *eager*: a value is passed on along it at once. Where it arrives for the
---second time the link is *pruned* for values that come from the same first node: what is left is a
---tree. Along all links nodes announce the ids of what they have, now and then and many in one
---message (*ihave*), confirmed and repeated (hearsay.gossip.link). A node that is told of an id and
---still does not have the value after `patience` asks for it (*graft*), which makes that link eager
---again: so a tree is mended where it broke.
---
---Cost, with e links among n nodes: n-1 messages a value once the trees are there, each over the
---ways that were fastest. A node's first values, while its tree is made, cost 2e - (n - 1), and a
---prune for each that was too much. Besides up to 2e announcements a `lazy` period while something
---is new. When nothing is new, nothing is sent.
---
---Survives loss, partitions that end, and restarts, as far as the neighbours connect: a lost value
---comes about a `lazy` period and the patience later. While messages are lost, links are grafted
---and pruned again, and values cost up to 2e.
---
---Source: Leitao, Pereira, Rodrigues, Epidemic Broadcast Trees, 2007. There an id is announced
---once, on lazy links, and the membership service below says when a link fails; here nobody does,
---so ids are announced until they are confirmed, on eager links too. One tree for all, as there, is
---pruned at several places at once by values that come from several nodes, and falls apart; hence a
---tree for each. The optimization by hop counts is left out: the first copy to arrive chooses the
---tree.
---@class hearsay.gossip.plumtree
local plumtree = {}

---@class hearsay.gossip.plumtree.start.options
---@field lazy? number (default 1) mean seconds from one announcement on a link to the next
---@field patience? number (default 0.5) seconds that a value may take after its announcement
---@field resend? number (default 2) seconds until what was not confirmed is announced again

---Starts a tree. Until `neighbours` is set, they are all other nodes: then the tree is a star or
---nearly one, each node has to do with all others, and some few neighbours are cheaper.
---@param options hearsay.gossip.plumtree.start.options
---@return hearsay.gossip.plumtree.Plumtree
function plumtree.start(options) end

---@class hearsay.gossip.plumtree.Plumtree
local a_plumtree = {}

---Takes a value from a client.
---@param value any anything that JSON can say
---@return boolean # whether it is new
function a_plumtree:add(value) end

return plumtree
