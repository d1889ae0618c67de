---@meta hearsay.crdt.g_counter
-- Written by `make docs`.

---A counter that only grows; see hearsay.crdt for what all types have.
---
---    local total = g_counter.new()
---    total:add(node.id, 3)        -- returns {n1 = 3}, all that others need to hear of
---
---Each replica counts what was added at it, in a number of its own that nobody else changes; of two
---such numbers the greater one is the later. So this is a version vector of which one reads the
---sum, and nothing is counted twice however often it is heard of. The state has one number a
---replica.
---@class hearsay.crdt.g_counter
local g_counter = {}

---A counter at 0.
---@return hearsay.crdt.g_counter.GCounter
function g_counter.new() end

---@class hearsay.crdt.g_counter.GCounter
local a_g_counter = {}

---Counts up.
---
---Raises when delta is negative or no integer
---@param id string of the replica at which it is added: of this one
---@param delta integer from 0
---@return table|nil # a state that has this change only: what was added at this replica until now. Merging it does what merging the whole state does for this replica
---@return hearsay.errors.err|nil # abort, when the sum that is known here, or this replica's part of it, would not fit 64 bits any more; nothing is changed
function a_g_counter:add(id, delta) end

---What was added in all.
---@return integer|nil
---@return hearsay.errors.err|nil # abort, when that does not fit 64 bits: what replicas accepted apart from each other may be too much together, and no merge is refused
function a_g_counter:value() end

---All counts, for a message's body.
---@return table # replica id to count
function a_g_counter:state() end

---Takes in a state, whole or in part.
---@param state table
---@return boolean|nil # whether something was new
---@return hearsay.errors.err|nil # malformed_request; nothing is changed
function a_g_counter:merge(state) end

return g_counter
