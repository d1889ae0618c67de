---@meta hearsay.crdt.gossip
-- Written by `make docs`.

---Spreads the state of a replicated data type among all nodes, a message per node and window.
---
---    local total = pn_counter.new()
---    gossip.start(total, { window = 1 })
---
---In each window a node sends its whole state to one other node, which merges it: so a message also
---passes on what others have said, and a lost one is made good by the next. The nodes stand in a
---ring, and in turn each sends to the one 1, 2, 4, .. places further on: after log2(n) windows in
---step everybody has heard of everybody (the dissemination algorithm of D. Hensgen, R. Finkel,
---U. Manber, Two Algorithms for Barrier Synchronization, 1988).
---
---It gets quiet when nothing is new. A node knows the last state that it got from another; while
---that is its own, the other one has all there is, and needs nothing. Who gets a state whose sender
---does not know so yet ("settled" is false) owes it an answer, in a window as any other.
---
---Cost: n messages a window while things change, however many changes; then two or three for each
---pair that talks, log2(n) pairs a node, and then none. A message has the whole state: this is for
---counters, registers, and sets that are small. Large sets are better spread by hearsay.gossip.
---
---Survives loss, duplication, reordering, pauses, and partitions of any shape that end: what was
---not heard is sent again in the next window, and states that come late or twice change nothing. A
---node that was killed and has forgotten everything says so by its first state, and gets all that
---others had from it; what it had told nobody yet is gone.
---@class hearsay.crdt.gossip
local gossip = {}

---@class hearsay.crdt.gossip.start.options
---@field window? number (default 1) seconds from one message of a node to its next
---@field name? string (default "state") the type of its messages; for another replica in the same script

---Starts to spread a replica. Call in the script's main part.
---
---Raises on options that are none
---@param replica any an object of hearsay.crdt, or any that has state() and merge(state) as those have: equal objects have equal states
---@param options? hearsay.crdt.gossip.start.options
function gossip.start(replica, options) end

return gossip
