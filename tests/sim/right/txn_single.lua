--- Transactions on one node, in memory: a transaction never waits, so it has the node for itself.
-- Right for both workloads, and strict-serializable.

local json = require "hearsay.json"
local node = require "hearsay"

local state = {}

local apply = {
  r = function(key)
    local v = state[key]
    return v == nil and json.null or v
  end,
  w = function(key, v)
    state[key] = v
    return v
  end,
  append = function(key, element)
    local old = state[key] or {}
    local list = json.array(table.move(old, 1, #old, 1, {}))
    list[#list + 1] = element
    state[key] = list
    return element
  end,
}

node.on("txn", { txn = "array" }, function(msg)
  local done = json.array({})
  for i, op in ipairs(msg.body.txn) do
    done[i] = { op[1], op[2], apply[op[1]](op[2], op[3]) }
  end
  return { type = "txn_ok", txn = done }
end)
