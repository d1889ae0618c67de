--- Transactions: lists of micro-operations, checked as a whole and then run against a state.
--
--     ["r", key, null]          reads; the null is replaced by what was read
--     ["w", key, value]         writes
--     ["append", key, element]  adds to the end of the list at a key
--
-- `run` changes nothing: reads come from the state and from the transaction's own writes before
-- them, and what is to be written comes back as a list, for the caller to apply in one step. So a
-- transaction that is refused, for whatever micro-operation, leaves no trace. A handler that does
-- not wait between the two (no rpc, no sleep) has the node for itself: what it read is a snapshot,
-- and nobody sees a part of what it wrote.
-- @module hearsay.txn

local brief = require "hearsay.brief"
local errors = require "hearsay.errors"
local json = require "hearsay.json"

local txn = {}

local forms = {
  r = '["r", key, null]', w = '["w", key, value]', append = '["append", key, element]',
}

local ALL = { "r", "w", "append" }

local function refuse(format, ...)
  error(errors.new("malformed_request", "txn: " .. format:format(...)), 0)
end

local function expected(kinds)
  local list = {}
  for i, kind in ipairs(kinds) do
    list[i] = forms[kind]
  end
  return table.concat(list, " or ")
end

-- Lua takes 1 and 1.0 for the same key, which JSON does not, and compares tables by identity.
local function is_key(key)
  return math.type(key) == "integer" or type(key) == "string"
end

--- Checks the form of a transaction, for those who run it later.
-- @tparam {operation,...} operations as they came in a request
-- @tparam[opt] {string,...} kinds the micro-operations that may come; default all three
-- @raise error malformed_request
function txn.check(operations, kinds)
  kinds = kinds or ALL
  local is_known = {}
  for _, kind in ipairs(kinds) do
    is_known[kind] = true
  end
  if not json.is_array(operations) then
    refuse("expected a list of %s, got %s", expected(kinds), brief(operations))
  end
  for i, op in ipairs(operations) do
    local is_form = json.is_array(op) and #op == 3 and is_known[op[1]]
    if not is_form or (op[1] == "r" and op[3] ~= json.null) then
      refuse("operation %d: expected %s, got %s", i, expected(kinds), brief(op))
    elseif not is_key(op[2]) then
      refuse("operation %d: expected a key that is an integer or a string, got %s", i, brief(op[2]))
    end
  end
end

local function appended(list, element, i, key)
  if list ~= nil and not json.is_array(list) then
    error(errors.new("precondition_failed", ("txn: operation %d: key %s has no list but %s")
      :format(i, brief(key), brief(list))), 0)
  end
  list = list or {}
  local longer = json.array(table.move(list, 1, #list, 1, {}))
  longer[#longer + 1] = element
  return longer
end

--- Runs a transaction, and changes nothing. An append copies the list that it adds to.
-- @tparam {operation,...} operations as they came in a request
-- @tparam function get called with a key (an integer or a string), returns its value or nil
-- @tparam[opt] {string,...} kinds the micro-operations that may come; default all three
-- @treturn {operation,...} the same with the reads filled in, null where there is no value
-- @treturn {{key, value},...} what to write, each key once, in the order of their first writes
-- @raise error malformed_request, which says what was expected, when an operation is not of these
--   forms; precondition_failed when an append goes to what is no list
function txn.run(operations, get, kinds)
  txn.check(operations, kinds)
  local done, writes, own = json.array({}), {}, {} -- own: key to its entry in writes
  local function value_of(key)
    local entry = own[key]
    if entry then
      return entry[2]
    end
    return get(key)
  end
  local function write(key, value)
    if not own[key] then
      own[key] = { key }
      writes[#writes + 1] = own[key]
    end
    own[key][2] = value
  end
  for i, op in ipairs(operations) do
    local kind, key, value = op[1], op[2], op[3]
    if kind == "r" then
      value = value_of(key)
      value = value == nil and json.null or value
    elseif kind == "w" then
      write(key, value)
    else
      write(key, appended(value_of(key), value, i, key))
    end
    done[i] = json.array({ kind, key, value })
  end
  return done, writes
end

return txn
