---@meta hearsay.crdt.lww_register
-- Written by `make docs`.

---One value, of which the last one written stays; see hearsay.crdt for what all types have.
---
---    local name = lww_register.new()
---    name:set(node.id, "Ada")
---    name:value()                 -- "Ada"; nil when nobody has set it
---
---A write gets a Lamport stamp, [time, replica], one behind that of the value it overwrites, and
---the value with the greatest stamp stays: so a write beats whatever its writer had seen. Of two
---that do not know of each other one is lost, at all replicas the same: that is the price of always
---accepting both. Where both matter, take an or_set.
---
---Cost: O(1), and the stamp in the state.
---@class hearsay.crdt.lww_register
local lww_register = {}

---A register without a value.
---@return hearsay.crdt.lww_register.Register
function lww_register.new() end

---@class hearsay.crdt.lww_register.Register
local a_register = {}

---Writes a value, over all that is known here.
---@param id string of the replica that writes: of this one
---@param value any anything JSON can say, json.null included
function a_register:set(id, value) end

---The value.
---@return any # nil when there is none
function a_register:value() end

---The value with its stamp, for a message's body.
---@return table # `{value, stamp}`, empty when there is none
function a_register:state() end

---Takes in a state.
---@param state table
---@return boolean|nil # whether its value is later, and is here now
---@return hearsay.errors.err|nil # malformed_request; nothing is changed
function a_register:merge(state) end

return lww_register
