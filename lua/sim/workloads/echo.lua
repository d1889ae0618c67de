--- Workload echo: a node returns what it was sent.
-- @module sim.workloads.echo

local echo = {
  types = { "echo" },
  idempotent = {},
  check = require("sim.checkers.echo").check,
}

function echo.generator(_, random)
  return function()
    return "echo", "Please echo " .. random:upto(128) - 1
  end
end

function echo.request(op)
  return { type = "echo", echo = op.value }
end

function echo.result(_, reply)
  if reply.type ~= "echo_ok" or reply.echo == nil then
    return nil, '{"type": "echo_ok", "echo": ..}'
  end
  return reply.echo
end

return echo
