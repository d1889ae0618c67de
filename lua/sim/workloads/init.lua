--- Workloads: what clients ask of a cluster, and how it is judged. One module each:
--
--   types                 message types that a script for it handles
--   setup(opts)           a function from a node id to the body that it is sent before the load, or
--                         nil when there is nothing to send; may be missing
--   generator(opts, random)  returns a function that is given a worker (index, process) and the
--                         time in microseconds, and returns the next operation's f and value, or
--                         nil when that worker has nothing to do. May return a second function,
--                         which is called with each operation that has ended
--   final(opts, history, random)  the same for the final phase, called for each worker until it
--                         returns nil; a third result is the seconds to wait before the operation.
--                         Missing when there is no such phase
--   idempotent            table of the f that change nothing: one that fails surely did not happen
--   timeout(opts)         seconds a client waits for a reply; 5 when it is missing
--   check(history, opts)  the checker, see sim.checkers
--   words                 what the screen says, see sim.words; only of a workload that is a file of
--                         somebody's own, see sim.extension, and it may be missing
--   contents              how a node is asked for all that it has, for --converge; missing where
--                         nodes have nothing that they could agree about. A table of
--                         noun             what the things are that it has: "key", "value", ..
--                         operations(history, opts)  returns a function that is given the operation
--                         before (nil at first), done and with its result, and returns the next
--                         one's f and value, or nil at the end. A key that does not exist ends an
--                         operation without a result
--                         shown(op)        a list of {name, value} that an operation showed
--
-- and either, where an operation is one request,
--
--   request(op)           the body for an operation
--   result(op, reply)     what its reply carried; or nil and what was expected of a reply
--
-- or
--
--   perform(op, ask, done, process)  does it by ask(body, function(reply, err)), any number of
--                         times in turn, and calls done(result) or done(nil, err) once. `process`
--                         is a table that lives as long as the process does: its `id`, and what the
--                         workload keeps in it
--
-- An error that is not definite ends the process, and the worker goes on as a new one. Where the
-- workload makes an operation fail on purpose, perform sets op.planned.
-- @module sim.workloads

local extension = require "sim.extension"

local workloads = {}

--- Name of the error for a reply that is not of the workload's form.
workloads.MALFORMED = "malformed_reply"

local modules = {
  echo = "sim.workloads.echo",
  ["unique-ids"] = "sim.workloads.unique_ids",
  broadcast = "sim.workloads.broadcast",
  ["g-set"] = "sim.workloads.g_set",
  ["g-counter"] = "sim.workloads.g_counter",
  ["pn-counter"] = "sim.workloads.pn_counter",
  ["lin-kv"] = "sim.workloads.lin_kv",
  kafka = "sim.workloads.kafka",
  ["txn-rw-register"] = "sim.workloads.txn_rw_register",
  ["txn-list-append"] = "sim.workloads.txn_list_append",
}

--- The workload of a name, or of a file.
-- @tparam string name
-- @treturn table
function workloads.get(name)
  return modules[name] and require(modules[name]) or assert(extension.workload(name))
end

-- Whether all types of one workload are among those of another, and not the other way round.
local function is_part_of(name, other)
  local types = {}
  for _, message_type in ipairs(workloads.get(other).types) do
    types[message_type] = true
  end
  local shared = 0
  for _, message_type in ipairs(workloads.get(name).types) do
    shared = shared + (types[message_type] and 1 or 0)
  end
  return shared == #workloads.get(name).types and shared < #workloads.get(other).types
end

--- The workload whose messages a script handles. Where there are several, one whose messages are
-- only a part of another's does not count.
-- @tparam {string,...} types that the script handles
-- @treturn[1] string name
-- @treturn[2] nil
-- @treturn[2] string what is missing
function workloads.infer(types)
  local handled = {}
  for _, message_type in ipairs(types) do
    handled[message_type] = true
  end
  local fit = {}
  for _, name in ipairs(require("sim.options").workloads) do
    local all = true
    for _, message_type in ipairs(workloads.get(name).types) do
      all = all and handled[message_type] or false
    end
    fit[#fit + 1] = all and name or nil
  end
  local best = {}
  for _, name in ipairs(fit) do
    local is_part = false
    for _, other in ipairs(fit) do
      is_part = is_part or is_part_of(name, other)
    end
    best[#best + 1] = not is_part and name or nil
  end
  if #best == 1 then
    return best[1]
  end
  local what = #types > 0 and table.concat(types, ", ") or "nothing"
  if #best > 1 then
    return nil, ("what the script handles (%s) fits several workloads: say with -w which of %s")
      :format(what, table.concat(best, ", "))
  end
  return nil, ("cannot tell the workload from what the script handles (%s): say it with -w")
    :format(what)
end

--- The error for a reply that is not of the workload's form.
-- @tparam table reply body
-- @tparam string expected what it should have been
-- @treturn table error, as in sim.checkers
function workloads.malformed(reply, expected)
  return {
    code = 13, name = workloads.MALFORMED, definite = false,
    text = ("answered with type %s; expected %s"):format(tostring(reply.type), expected),
  }
end

--- Does an operation; see the workloads' perform above.
function workloads.perform(workload, op, ask, done, process)
  if workload.perform then
    return workload.perform(op, ask, done, process)
  end
  ask(workload.request(op), function(reply, err)
    if not reply then
      return done(nil, err)
    end
    local result, expected = workload.result(op, reply)
    if result == nil then
      return done(nil, workloads.malformed(reply, expected))
    end
    done(result)
  end)
end

--- A `final` by which each worker does one operation.
-- @tparam string f
function workloads.once(f)
  return function()
    local done = {}
    return function(worker)
      if not done[worker.index] then
        done[worker.index] = true
        return f
      end
    end
  end
end

--- The `contents` of a workload whose `read` shows a list, or one value.
-- @tparam string noun
-- @tparam function shown see above
-- @treturn table
function workloads.one_read(noun, shown)
  return {
    noun = noun,
    operations = function()
      return function(last)
        return not last and "read" or nil
      end
    end,
    shown = shown,
  }
end

--- What a list shows: that each of its elements is there.
-- @tparam operation op
-- @treturn table list of {name, value}
function workloads.elements(op)
  local pairs_shown = {}
  for i, element in ipairs(op.result) do
    pairs_shown[i] = { element, element }
  end
  return pairs_shown
end

return workloads
