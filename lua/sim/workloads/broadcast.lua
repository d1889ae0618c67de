--- Workload broadcast: a value that one node is given is to be read at every node.
-- @module sim.workloads.broadcast

local json = require "hearsay.json"
local set_full = require "sim.checkers.set_full"
local topology = require "hearsay.topology"
local workloads = require "sim.workloads"

local broadcast = {
  types = { "broadcast", "read" },
  final = workloads.once("read"),
  idempotent = { read = true },
  contents = workloads.one_read("value", workloads.elements),
  check = function(history)
    return set_full.check(history, { add = "broadcast" })
  end,
}

function broadcast.setup(opts)
  local graph = topology.build(opts.topology, opts.nodes)
  for _, neighbours in pairs(graph) do
    json.array(neighbours)
  end
  return function()
    return { type = "topology", topology = graph }
  end
end

function broadcast.generator(_, random)
  local next_value = 0
  return function()
    if random:upto(2) == 1 then
      next_value = next_value + 1
      return "broadcast", next_value - 1
    end
    return "read"
  end
end

function broadcast.request(op)
  return { type = op.f, message = op.value }
end

function broadcast.result(op, reply)
  if op.f == "broadcast" then
    return reply.type == "broadcast_ok" or nil, '{"type": "broadcast_ok"}'
  end
  if reply.type ~= "read_ok" or not json.is_array(reply.messages) then
    return nil, '{"type": "read_ok", "messages": [..]}'
  end
  return reply.messages
end

return broadcast
