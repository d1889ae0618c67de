--- Requests of key-value stores, and what one does to a key.
--
--   read {key}                                    -> read_ok {value}
--   write {key, value}                            -> write_ok
--   cas {key, from, to, create_if_not_exists}     -> cas_ok
--
-- Keys and values are of any JSON type and equal when their JSON is: 1, 1.0 and "1" differ. A key
-- is known by its text, a value is held as a cell `{value, text}`, which never changes once it is
-- made.
-- @module sim.services.kv

local errors = require "hearsay.errors"
local value = require "sim.checkers.value"

local kv = {}

local NEEDS = { read = { "key" }, write = { "key", "value" }, cas = { "key", "from", "to" } }

local function refuse(name, format, ...)
  return errors.body(errors.new(name, format:format(...)))
end

local function new_cell(v)
  return { value = v, text = value.text(v) }
end

--- Reads a request.
-- @tparam table body
-- @treturn[1] table request: `type`, `key` (its text), and cells or texts as the type has them
-- @treturn[2] nil
-- @treturn[2] table the body of an error reply
function kv.parse(body)
  local needs = NEEDS[body.type]
  if not needs then
    return nil, refuse("not_supported", "a key-value store has read, write and cas, not %s",
      value.text(body.type))
  end
  for _, field in ipairs(needs) do
    if body[field] == nil then
      return nil, refuse("malformed_request", "%s: expected a field %q", body.type, field)
    end
  end
  local create = body.create_if_not_exists
  if create ~= nil and type(create) ~= "boolean" then
    return nil, refuse("malformed_request",
      'cas: expected "create_if_not_exists" to be a boolean, got %s', value.text(create))
  end
  local request = { type = body.type, key = value.text(body.key) }
  if body.type == "write" then
    request.cell = new_cell(body.value)
  elseif body.type == "cas" then
    request.from = value.text(body.from)
    request.cell = new_cell(body.to)
    request.create = create
  end
  return request
end

--- Applies a request to what a store has for its key.
-- @tparam table request
-- @tparam[opt] table cell what is there, nil for nothing
-- @treturn table the reply's body
-- @treturn table the cell to be there from here on; nil when the request writes nothing
function kv.apply(request, cell)
  if request.type == "write" then
    return { type = "write_ok" }, request.cell
  elseif not cell and not request.create then
    return refuse("key_does_not_exist", "there is no key %s", request.key)
  elseif request.type == "read" then
    return { type = "read_ok", value = cell.value }
  elseif cell and cell.text ~= request.from then
    return refuse("precondition_failed", "key %s has the value %s, not %s", request.key, cell.text,
      request.from)
  end
  return { type = "cas_ok" }, request.cell
end

return kv
