--- Workload g-set: an element that one node is given is to be in the set at every node.
-- @module sim.workloads.g_set

local json = require "hearsay.json"
local set_full = require "sim.checkers.set_full"
local workloads = require "sim.workloads"

local g_set = {
  types = { "add", "read" },
  final = workloads.once("read"),
  idempotent = { read = true },
  contents = workloads.one_read("element", workloads.elements),
  check = set_full.check,
}

function g_set.generator(_, random)
  local next_element = 0
  return function()
    if random:upto(2) == 1 then
      next_element = next_element + 1
      return "add", next_element - 1
    end
    return "read"
  end
end

function g_set.request(op)
  return { type = op.f, element = op.value }
end

function g_set.result(op, reply)
  if op.f == "add" then
    return reply.type == "add_ok" or nil, '{"type": "add_ok"}'
  end
  if reply.type ~= "read_ok" or not json.is_array(reply.value) then
    return nil, '{"type": "read_ok", "value": [..]}'
  end
  return reply.value
end

return g_set
