--- The transactions of a history, with numbers for keys and for their versions.
--
-- A version is what a key held at some time: what a write put there, or what was there before any.
-- Keys, versions and transactions are numbered from 1, so that what is known of them is in arrays.
-- JSON values are told apart as JSON does: 1, 1.0 and "1" are three.
-- @module sim.checkers.txn.transactions

local value = require "sim.checkers.value"

local Book = {}
Book.__index = Book

local transactions = {}

--- Whether a value is null: nothing was there.
-- @param v a value
-- @treturn boolean
function transactions.is_null(v)
  return v == nil or type(v) == "userdata"
end

-- What stands for a value in a Lua table.
local function stand_in(v)
  return math.type(v) == "integer" and v or value.text(v)
end

--- The number of a key. A new one gets a version as well, the initial one.
-- @param name the key as it is in a micro-operation
-- @treturn integer
function Book:key(name)
  local mark = stand_in(name)
  local key = self.keys[mark]
  if not key then
    key = #self.key_name + 1
    self.keys[mark] = key
    self.key_name[key] = name
    self.versions[key] = {}
    self.initial[key] = #self.key_of + 1
    self.key_of[self.initial[key]] = key
  end
  return key
end

--- The number of a version.
-- @tparam integer key
-- @param v the value that was written; null is the initial version
-- @treturn integer
function Book:version(key, v)
  if transactions.is_null(v) then
    return self.initial[key]
  end
  local mark = stand_in(v)
  local version = self.versions[key][mark]
  if not version then
    version = #self.key_of + 1
    self.versions[key][mark] = version
    self.key_of[version] = key
    self.value_of[version] = v
  end
  return version
end

--- Whether a version is the initial one of its key.
-- @tparam integer version
-- @treturn boolean
function Book:is_initial(version)
  return self.initial[self.key_of[version]] == version
end

function Book:abort(txn)
  for _, op in ipairs(txn.ops) do
    if op[1] ~= "r" then
      self.aborted[self:version(self:key(op[2]), op[3])] = txn
    end
  end
end

--- Collects the transactions of a history.
-- @tparam {operation,...} history "txn", whose value is the list of micro-operations {f, key,
--   value}, and whose result, when it is ok, the same with the reads filled in
-- @treturn book
--
--   - list: what happened or may have happened, in the order of invocation; each is a table with id
--     (its place), op, ops (its micro-operations), is_ok (else nobody knows whether it happened,
--     and what it read), reads and writes (lists of versions, for who reads the history to fill)
--   - aborted: by version, the transaction {op, ops} that was to write it and surely did not happen
--   - key_name: by key; initial: by key, its initial version
--   - key_of, value_of: by version
function transactions.collect(history)
  local book = setmetatable({
    list = {}, aborted = {}, keys = {}, key_name = {}, versions = {}, initial = {}, key_of = {},
    value_of = {},
  }, Book)
  for _, op in ipairs(history) do
    if op.f == "txn" then
      if op.outcome == "fail" then
        book:abort({ op = op, ops = op.value })
      else
        local is_ok = op.outcome == "ok"
        local id = #book.list + 1
        book.list[id] = {
          id = id, op = op, is_ok = is_ok, ops = is_ok and op.result or op.value,
          reads = {}, writes = {},
        }
      end
    end
  end
  return book
end

return transactions
