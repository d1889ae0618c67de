---@meta hearsay.crdt.g_set
-- Written by `make docs`.

---A set to which things are added and never removed; see hearsay.crdt for what all types have.
---
---    local set = g_set.new()
---    set:add(7)                   -- true: it is new
---    set:since(version)           -- what was added after a version: a state, and a delta
---
---Elements are anything JSON can say, 1, 1.0 and "1" told apart. They are in a hearsay.seen set, in
---C: a state of 100,000 elements in a body is a copy of bytes. Cost: add, has O(1); merge O(state).
---@class hearsay.crdt.g_set
local g_set = {}

---An empty set.
---@return hearsay.crdt.g_set.GSet
function g_set.new() end

---@class hearsay.crdt.g_set.GSet
local a_g_set = {}

---Adds an element.
---@param element any
---@return boolean # whether it is new
function a_g_set:add(element) end

---Whether an element is there.
---@param element any
---@return boolean
function a_g_set:has(element) end

---The elements, in the order in which they came here.
---@return table # array
function a_g_set:value() end

---The version: how many elements there are. It is this object's own.
---@return integer
function a_g_set:version() end

---What came after a version: less than the state, and merged as a state is.
---@param version integer
---@return any # an array for a message's body
function a_g_set:since(version) end

---All elements, for a message's body.
---@return any # the hearsay.seen set itself
function a_g_set:state() end

---Takes in a state, or part of one.
---@param state table an array
---@return boolean|nil # whether something was new
---@return hearsay.errors.err|nil # malformed_request
function a_g_set:merge(state) end

return g_set
