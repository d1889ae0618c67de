---@meta hearsay.registers
-- Written by `make docs`.

---Registers by key that are merged between nodes: of two writes to a key the later one stays.
---
---Later is what has the greater Lamport stamp, [time, writer]; see hearsay.clock.lamport. A writer
---is one start of a node, with a name of its own: a node that has lost its memory counts from the
---beginning, and would otherwise give two writes the same stamp, of which some nodes keep the one
---and others the other, for ever.
---
---Merging is associative, commutative and idempotent, so nodes that have merged the same writes, in
---any order and any number of times, hold the same: a map of crdt.lww_register, in effect, with one
---clock for all keys. Whatever is written by who has seen a write has a greater stamp than that.
---
---Writes travel in units, lists of `[key, value, stamp]`. What is written in one step is a
---unit of one stamp; the whole state is a unit, too. All of a unit is applied before anybody reads,
---as nothing here waits. So that no line is long, a large unit travels in parts, {writes, part,
---of}, and is applied when the last one has come. Parts of a unit must come in order, and with
---nothing else from the same sender between them.
---@class hearsay.registers
local registers = {}

---An empty set of registers.
---@return hearsay.registers.Registers
function registers.new() end

---Cuts a unit into parts of up to 100 writes, to be sent one after the other.
---@param unit table
---@return table[] # none for an empty unit
function registers.parts(unit) end

---@class hearsay.registers.Registers
local a_registers = {}

---The value of a key.
---@param key integer|string
---@return any # the value, or nil
function a_registers:get(key) end

---Writes some keys in one step. Needs the node's id, so init must have come.
---@param changes table[] each key once
---@return table # for other nodes to merge; empty when nothing is written
function a_registers:write(changes) end

---Takes over what is later than what is here.
---
---Raises error malformed_request when it is no unit; then nothing is changed
---@param unit table
---@return table # the writes that were news
function a_registers:merge(unit) end

---The whole state as one unit: its newest writes, in the order in which keys came up.
---@return table
function a_registers:all() end

---Takes a part, and merges the unit when that is complete.
---
---Raises error malformed_request when it is none, or not the next; then nothing is changed
---@param src string who sent it
---@param part table
---@return table # the writes that were news; none before the last part
function a_registers:take(src, part) end

return registers
