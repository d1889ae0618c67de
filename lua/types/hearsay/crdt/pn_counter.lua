---@meta hearsay.crdt.pn_counter
-- Written by `make docs`.

---A counter that goes up and down; see hearsay.crdt for what all types have.
---
---    local total = pn_counter.new()
---    total:add(node.id, -3)       -- returns {p = {}, n = {n1 = 3}}, all that others need to hear
---
---Two counts for each replica, of what was added at it and of what was taken away, as both only
---grow: with one number for both nobody could tell which of two is the later.
---@class hearsay.crdt.pn_counter
local pn_counter = {}

---A counter at 0.
---@return hearsay.crdt.pn_counter.PNCounter
function pn_counter.new() end

---@class hearsay.crdt.pn_counter.PNCounter
local a_pn_counter = {}

---Counts up or down.
---
---Raises when delta is no integer
---@param id string of the replica at which it is added: of this one
---@param delta integer
---@return table|nil # a state that has this change only, to be merged as a whole one is
---@return hearsay.errors.err|nil # abort, when the sum that is known here, or one of the two counts of this replica, would not fit 64 bits any more; nothing is changed
function a_pn_counter:add(id, delta) end

---What was added less what was taken away.
---@return integer|nil
---@return hearsay.errors.err|nil # abort, when that does not fit 64 bits; no merge is refused for it
function a_pn_counter:value() end

---All counts, for a message's body.
---@return table # `p` and `n`, each replica id to count
function a_pn_counter:state() end

---Takes in a state, whole or in part.
---@param state table
---@return boolean|nil # whether something was new
---@return hearsay.errors.err|nil # malformed_request; nothing is changed
function a_pn_counter:merge(state) end

return pn_counter
