---@meta hearsay.crdt.or_set
-- Written by `make docs`.

---A set with add and remove, in which a remove takes away what its replica has seen, and no more;
---see hearsay.crdt for what all types have.
---
---    local cart = or_set.new()
---    cart:add(node.id, "milk")
---    cart:remove("milk")
---
---Each add has a tag of its own, [replica, number]: a dot. A remove takes away the dots that are
---here. One that was added elsewhere meanwhile has another dot, and stays: where add and remove are
---concurrent, add wins; and what was removed can be added again.
---
---No tombstones are kept. A version vector says which dots were ever seen here; so when a dot is in
---one state and not in the other, it is new if the other's vector has not got that far, and removed
---if it has. The state has the elements that are in the set, and one number a replica.
---
---Source: A. Bieniusa, M. Zawirski, N. Preguica, M. Shapiro, C. Baquero, V. Balegas, S. Duarte, An
---Optimized Conflict-free Replicated Set, INRIA 8083, 2012. Cost: add, remove, has O(1); state O(n
---log n), merge O(n) for n elements.
---@class hearsay.crdt.or_set
local or_set = {}

---An empty set.
---@return hearsay.crdt.or_set.ORSet
function or_set.new() end

---@class hearsay.crdt.or_set.ORSet
local a_or_set = {}

---Adds an element, also where it is there already: the add counts as later than what is known.
---@param id string of the replica that adds: of this one
---@param element any anything JSON can say; 1, 1.0 and "1" differ
---@return boolean|nil # whether it is new
---@return hearsay.errors.err|nil # abort when this replica's numbers do not fit 64 bits
function a_or_set:add(id, element) end

---Removes an element as far as it was seen here.
---@param element any
---@return boolean # whether it was there
function a_or_set:remove(element) end

---Whether an element is there.
---@param element any
---@return boolean
function a_or_set:has(element) end

---The elements, in the byte order of their JSON texts.
---@return table # array
function a_or_set:value() end

---All there is, for a message's body.
---@return table # `seen`, the state of a version vector, and `entries`, an array of [element, {replica id: number}], in the order of value
function a_or_set:state() end

---Takes in a state.
---@param state table
---@return boolean|nil # whether that changed anything, be it only what was seen
---@return hearsay.errors.err|nil # malformed_request; nothing is changed
function a_or_set:merge(state) end

return or_set
