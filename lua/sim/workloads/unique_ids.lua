--- Workload unique-ids: a node makes ids that no node makes twice.
-- @module sim.workloads.unique_ids

local unique_ids = {
  types = { "generate" },
  idempotent = {},
  check = require("sim.checkers.unique_ids").check,
}

function unique_ids.generator()
  return function()
    return "generate"
  end
end

function unique_ids.request()
  return { type = "generate" }
end

function unique_ids.result(_, reply)
  if reply.type ~= "generate_ok" or reply.id == nil then
    return nil, '{"type": "generate_ok", "id": ..}'
  end
  return reply.id
end

return unique_ids
