--- Maelstrom's errors, and those a script adds.
--
-- An error is a table `{code, name, text, definite}` that prints as
-- `key_does_not_exist (20): no such key`. A handler that raises one sends it as
-- the reply; an rpc that fails returns one. `definite` says that the operation
-- surely did not happen: only then may a client take it as failed.
--
--     local errors = require "hearsay.errors"
--     error(errors.new("key_does_not_exist", "no key " .. key))
--
-- Codes below 1000 are Maelstrom's (doc/protocol.md there); from 1000 on they
-- are a script's own, and indefinite unless defined otherwise.
-- @module hearsay.errors

local errors = {}

local FIRST_CUSTOM_CODE = 1000

local by_code = {}
local by_name = {}

local function add(code, name, definite, text)
  local kind = { code = code, name = name, definite = definite, text = text }
  by_code[code] = kind
  by_name[name] = kind
end

add(0, "timeout", false, "no reply in time")
add(1, "node_not_found", true, "there is no such node")
add(10, "not_supported", true, "this node does not support that operation")
add(11, "temporarily_unavailable", true, "not possible now, perhaps later")
add(12, "malformed_request", true, "the request is not of the form that was expected")
add(13, "crash", false, "the operation ended in an unexpected way")
add(14, "abort", true, "the operation was given up and did not happen")
add(20, "key_does_not_exist", true, "the key does not exist")
add(21, "key_already_exists", true, "the key already exists")
add(22, "precondition_failed", true, "the value is not the one that was expected")
add(30, "txn_conflict", true, "the transaction conflicts with another")

local mark = { __name = "hearsay.error" }

function mark.__tostring(err)
  return string.format("%s (%d): %s", err.name, err.code, err.text)
end

local function make(kind, text)
  return setmetatable({
    code = kind.code,
    name = kind.name,
    definite = kind.definite,
    text = text or kind.text,
  }, mark)
end

-- What is known of a code; a code nobody registered is indefinite.
local function kind_of_code(code)
  return by_code[code]
    or { code = code, name = "code_" .. code, definite = false, text = "error code " .. code }
end

local function known_names()
  local codes = {}
  for code in pairs(by_code) do
    codes[#codes + 1] = code
  end
  table.sort(codes)
  local names = {}
  for i, code in ipairs(codes) do
    names[i] = by_code[code].name
  end
  return table.concat(names, ", ")
end

--- An error.
-- @table err
-- @tfield integer code
-- @tfield string name in snake_case
-- @tfield string text for a person
-- @tfield boolean definite whether the operation surely did not happen

--- Makes an error object.
-- @tparam string|integer name_or_code `"key_does_not_exist"` or 20; any code from 1000 on
-- @tparam[opt] string text for a person; without it the code's own words
-- @treturn err
-- @raise on a name or code that is not known
function errors.new(name_or_code, text)
  if text ~= nil and type(text) ~= "string" then
    error("errors.new: text must be a string, got " .. type(text), 2)
  end
  local code = math.tointeger(name_or_code)
  if type(name_or_code) == "string" then
    local kind = by_name[name_or_code]
    if not kind then
      error(string.format("errors.new: unknown name %q; known are %s",
        name_or_code, known_names()), 2)
    end
    return make(kind, text)
  elseif not code then
    error("errors.new: expected the name or the integer code of an error, got "
      .. (type(name_or_code) == "number" and tostring(name_or_code) or type(name_or_code)), 2)
  elseif not by_code[code] and code < FIRST_CUSTOM_CODE then
    error(string.format("errors.new: unknown code %d; codes of your own start at %d",
      code, FIRST_CUSTOM_CODE), 2)
  end
  return make(kind_of_code(code), text)
end

--- Whether a value is an error object of this module.
-- @param value anything
-- @treturn boolean
function errors.is(value)
  return getmetatable(value) == mark
end

--- The error that a reply body of type "error" carries.
--
-- Whatever another program sends gives an error object: a code nobody knows
-- keeps its number and counts as indefinite, and a body without an integer code
-- is a crash, since nothing can be said about what happened.
-- @tparam table body a message body
-- @treturn err
-- @raise when the body is not of type "error"
function errors.from_body(body)
  if type(body) ~= "table" or body.type ~= "error" then
    error("errors.from_body: expected a body of type \"error\"", 2)
  end
  local text = type(body.text) == "string" and body.text or nil
  local code = type(body.code) == "number" and math.tointeger(body.code)
  if not code then
    return make(by_name.crash,
      "an error reply without an integer code" .. (text and ": " .. text or ""))
  end
  return make(kind_of_code(code), text)
end

--- The reply body that carries an error.
-- @tparam err err
-- @treturn table `{type = "error", code = .., text = ..}`
function errors.body(err)
  if not errors.is(err) then
    error("errors.body: expected an error object, got " .. type(err), 2)
  end
  return { type = "error", code = err.code, text = err.text }
end

--- Registers an error of the script's own.
-- @tparam integer code from 1000 on
-- @tparam string name in snake_case
-- @tparam[opt] table options `definite`: whether it means that the operation surely did not
--   happen (default false); `text`: the words used when errors.new gets none
-- @treturn integer the code
-- @raise when the code or the name is taken
function errors.define(code, name, options)
  if options ~= nil and type(options) ~= "table" then
    error("errors.define: options must be a table, got " .. type(options), 2)
  end
  options = options or {}
  local integer = type(code) == "number" and math.tointeger(code)
  if not integer or integer < FIRST_CUSTOM_CODE then
    error(string.format("errors.define: code must be an integer from %d on, got %s",
      FIRST_CUSTOM_CODE, tostring(code)), 2)
  elseif type(name) ~= "string" or not name:find("^%l[%l%d_]*$") then
    error("errors.define: name must be in snake_case, got " .. tostring(name), 2)
  elseif by_code[integer] then
    error(string.format("errors.define: code %d is taken by %s", integer, by_code[integer].name), 2)
  elseif by_name[name] then
    error(string.format("errors.define: name %s is taken by code %d", name, by_name[name].code), 2)
  end
  add(integer, name, options.definite == true, options.text or (name:gsub("_", " ")))
  return integer
end

return errors
