--- What the workloads of transactions have in common: clients send a list of micro-operations, and
-- get it back with the reads filled in.
--
-- As in Elle's generators, a transaction has 1 to --max-txn-length micro-operations; which keys
-- they read and write is up to sim.workloads.key_pool.
-- @module sim.workloads.txn

local checker = require "sim.checkers.txn"
local json = require "hearsay.json"
local key_pool = require "sim.workloads.key_pool"
local transactions = require "sim.checkers.txn.transactions"
local value = require "sim.checkers.value"

local txn = {}

--- Makes a generator of transactions.
-- @tparam table opts key_count, max_txn_length, max_writes_per_key, see sim.options
-- @param random stream, see hearsay.random
-- @tparam string write the name of the micro-operation that writes: "w" or "append"
-- @treturn function as sim.workloads says
function txn.generator(opts, random, write)
  local pool = key_pool.new(opts, random)
  return function()
    local list = {}
    for i = 1, random:upto(opts.max_txn_length) do
      local key, v = pool:draw()
      list[i] = { v and write or "r", key, v or json.null }
    end
    return "txn", list
  end
end

-- What is wrong with a micro-operation of a reply, or nil.
local function fault(asked, got, is_value)
  local is_same = json.is_array(got) and #got == 3 and got[1] == asked[1]
    and value.equal(got[2], asked[2])
  if is_same and asked[1] == "r" then
    is_same = is_value(got[3])
  elseif is_same then
    is_same = value.equal(got[3], asked[3])
  end
  if not is_same then
    return asked[1] == "r" and ("[%q, %s, what was read]"):format(asked[1], value.text(asked[2]))
      or value.text(asked)
  end
end

-- Reads of all keys that the history names, in transactions that are as long as those of the load.
local function read_all(history, opts)
  local keys, is_known, at = {}, {}, 0
  for _, op in ipairs(history) do
    for _, micro in ipairs(op.value) do
      local mark = value.text(micro[2])
      if not is_known[mark] then
        is_known[mark] = true
        keys[#keys + 1] = micro[2]
      end
    end
  end
  return function()
    local list = {}
    for i = at + 1, math.min(at + opts.max_txn_length, #keys) do
      list[#list + 1] = { "r", keys[i], json.null }
    end
    at = at + #list
    if list[1] then
      return "txn", list
    end
  end
end

local function shown(op)
  local pairs_shown = {}
  for i, micro in ipairs(op.result) do
    pairs_shown[i] = { micro[2], micro[3] }
  end
  return pairs_shown
end

--- A workload of transactions.
-- @tparam string write the name of the micro-operation that writes: "w" or "append"
-- @tparam table versions how the checker reads the history: sim.checkers.txn.register_versions or
--   list_versions
-- @treturn table see sim.workloads
function txn.workload(write, versions)
  local workload = {
    types = { "txn" },
    idempotent = {},
    contents = { noun = "key", operations = read_all, shown = shown },
  }

  local function is_value(v)
    return not versions.is_list or transactions.is_null(v) or json.is_array(v)
  end

  function workload.generator(opts, random)
    return txn.generator(opts, random, write)
  end

  function workload.request(op)
    return { type = "txn", txn = op.value }
  end

  function workload.result(op, reply)
    local asked, got = op.value, reply.txn
    if reply.type ~= "txn_ok" or not json.is_array(got) or #got ~= #asked then
      return nil, ('{"type": "txn_ok", "txn": [..]} with %d operations'):format(#asked)
    end
    for i, micro in ipairs(asked) do
      local expected = fault(micro, got[i], is_value)
      if expected then
        return nil, ("%s as operation %d, not %s"):format(expected, i, value.text(got[i]))
      end
    end
    return got
  end

  function workload.check(history, opts)
    return checker.check(history, opts, versions)
  end

  return workload
end

return txn
