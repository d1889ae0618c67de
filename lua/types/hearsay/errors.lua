---@meta hearsay.errors
-- Written by `make docs`.

---An error.
---@class hearsay.errors.err
---@field code integer
---@field name string in snake_case
---@field text string for a person
---@field definite boolean whether the operation surely did not happen

---Maelstrom's errors, and those a script adds.
---
---An error is a table `{code, name, text, definite}` that prints as
---`key_does_not_exist (20): no such key`. A handler that raises one sends it as
---the reply; an rpc that fails returns one. `definite` says that the operation
---surely did not happen: only then may a client take it as failed.
---
---    local errors = require "hearsay.errors"
---    error(errors.new("key_does_not_exist", "no key " .. key))
---
---Codes below 1000 are Maelstrom's (doc/protocol.md there); from 1000 on they
---are a script's own, and indefinite unless defined otherwise.
---@class hearsay.errors
local errors = {}

---Makes an error object.
---
---Raises on a name or code that is not known
---@param name_or_code string|integer `"key_does_not_exist"` or 20; any code from 1000 on
---@param text? string for a person; without it the code's own words
---@return hearsay.errors.err
function errors.new(name_or_code, text) end

---Whether a value is an error object of this module.
---@param value any anything
---@return boolean
function errors.is(value) end

---The error that a reply body of type "error" carries.
---
---Whatever another program sends gives an error object: a code nobody knows
---keeps its number and counts as indefinite, and a body without an integer code
---is a crash, since nothing can be said about what happened.
---
---Raises when the body is not of type "error"
---@param body table a message body
---@return hearsay.errors.err
function errors.from_body(body) end

---The reply body that carries an error.
---@param err hearsay.errors.err
---@return table # `{type = "error", code = .., text = ..}`
function errors.body(err) end

---Registers an error of the script's own.
---
---Raises when the code or the name is taken
---@param code integer from 1000 on
---@param name string in snake_case
---@param options? table `definite`: whether it means that the operation surely did not happen (default false); `text`: the words used when errors.new gets none
---@return integer # the code
function errors.define(code, name, options) end

return errors
