--- Workloads: what clients ask of a cluster, and how it is judged. One module each:
--
--   types                 message types that a script for it handles
--   setup(opts)           a function from a node id to the body that it is sent before the load, or
--                         nil when there is nothing to send
--   generator(opts, random)  returns a function that returns the next operation's f and value
--   final                 f of the operation that each worker ends with, or nil
--   request(op)           the body for an operation
--   result(op, reply)     what its reply carried; or nil and what was expected of a reply
--   idempotent            table of the f that change nothing: one that fails surely did not happen
--   check(history, opts)  the checker, see sim.checkers
-- @module sim.workloads

local workloads = {}

local modules = {
  echo = "sim.workloads.echo",
  ["unique-ids"] = "sim.workloads.unique_ids",
  broadcast = "sim.workloads.broadcast",
}

--- The workload of a name.
function workloads.get(name)
  return require(modules[name])
end

--- The workload whose messages a script handles.
-- @tparam {string,...} types that the script handles
-- @treturn[1] string name
-- @treturn[2] nil
-- @treturn[2] string what is missing
function workloads.infer(types)
  local handled = {}
  for _, message_type in ipairs(types) do
    handled[message_type] = true
  end
  for _, name in ipairs(require("sim.options").workloads) do
    local all = true
    for _, message_type in ipairs(workloads.get(name).types) do
      all = all and handled[message_type] or false
    end
    if all then
      return name
    end
  end
  return nil, ("cannot tell the workload from what the script handles (%s): say it with -w")
    :format(#types > 0 and table.concat(types, ", ") or "nothing")
end

return workloads
