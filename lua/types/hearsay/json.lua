---@meta hearsay.json
-- Written by `make docs`.

---JSON as messages have it.
---
---    local json = require "hearsay.json"
---
---    json.encode({ msgs = {}, keys = json.array() })  -- {"msgs":{},"keys":[]}
---
---Message bodies are encoded and decoded by the host in the same way, so scripts need this module for
---`null`, for empty arrays, and for text of their own. Integers are 64-bit integers, floats keep their
---value and stay floats, an array that was decoded stays an array when it is empty, and null is
---`json.null`, so that a key with null is there. What is not JSON, nested more than 128 deep, or
---not UTF-8, is refused with the position of the byte.
---@class hearsay.json
---@field null userdata equal only to itself
local json = {}

---The JSON text of a value. A table with 1..n is an array, any other an object; an empty one is an
---object unless it has the array mark.
---
---Raises when there is none, with the path to what has none
---@param value any
---@param canonical? boolean (default false) object keys in byte order
---@return string
function json.encode(value, canonical) end

---The value of a JSON text.
---@param text string
---@param unique_keys? boolean (default false) a key twice in one object is an error; else the last one wins
---@return any # the value; or nil and a message with the byte position, from 0
function json.decode(text, unique_keys) end

---Marks a table as an array, so that it is one even when empty.
---@param t? table (default {}) 1..n without holes
---@return table # t itself
function json.array(t) end

---Whether a value is a table with the array mark, as decoded arrays are.
---@param value any
---@return boolean
function json.is_array(value) end

---A value that is encoded as just this text, which is copied.
---
---Raises when it is not
---@param text string valid JSON without a newline
---@return table
function json.raw(text) end

return json
