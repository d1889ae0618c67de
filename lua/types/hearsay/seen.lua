---@meta hearsay.seen
-- Written by `make docs`.

---A set of JSON values, which only grows, in the order in which they came.
---
---    local seen = require "hearsay.seen"
---
---    local values = seen.new()
---    if values:add(msg.body.message) then .. end    -- true when it is new
---    return { type = "read_ok", messages = values } -- a set in a body is an array
---
---It keeps its values as JSON text, so that a body that has the set, or what came `since` a version,
---is written by copying bytes. As in JSON, 1, 1.0 and "1" are three values, and two objects are equal
---when they have the same keys and values. `#values` is how many there are.
---
---Cost: add and has are O(1); a value takes its text and 12 to 22 bytes. See core/store/seen.h.
---@class hearsay.seen
local seen = {}

---A new, empty set: 2.5 KB.
---@return hearsay.seen.seen
function seen.new() end

---@class hearsay.seen.seen
local a_seen = {}

---Adds a value. O(1).
---
---Raises when JSON cannot say it
---@param value any anything that JSON can say
---@return boolean # true when it is new
function a_seen:add(value) end

---Adds the elements of an array. O(length).
---@param array table
---@return integer # how many were new
function a_seen:merge(array) end

---Whether a value is in the set. O(1).
---@param value any
---@return boolean
function a_seen:has(value) end

---The version: it goes up by one with each new value.
---@return integer
function a_seen:version() end

---What was added after a version. O(1) but for copying the text.
---@param version? integer (default 0) 0 for all
---@return any # an array for a message's body
---@return integer # how many values are in it
function a_seen:since(version) end

---The values as a Lua table, in the order in which they were added.
---@param version? integer (default 0) only those that were added after it
---@return table # array
function a_seen:values(version) end

---Numbers that are equal for equal sets, one for each bucket of values: two nodes that compare them
---know in which buckets they differ. O(buckets).
---@param buckets? integer (default 64) a power of two up to 256
---@return table # array of integers
function a_seen:digest(buckets) end

---What this set has in the buckets in which another set differs.
---O(1) when there is none, else O(number of values).
---@param digest table of the other set, with as many buckets as it likes
---@return any # an array for a message's body
---@return integer # how many values are in it
function a_seen:difference(digest) end

return seen
