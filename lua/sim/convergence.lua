--- What nodes hold in the end: asks each of them, as a client does, for all that it has.
--
-- What a client saw during the load proves little here: who always talks to one node never learns
-- that there are others, so nodes that replicate nothing at all keep weak promises perfectly well.
-- Hence a second look, after the run and after a time of quiet. It is no part of the load: its
-- operations are not in the history, and messages are counted before it.
--
-- What there is to ask for is up to the workload, see `contents` in sim.workloads.
-- @module sim.convergence

local workloads = require "sim.workloads"

local QUIET = 10 -- seconds before nodes are asked
local ATTEMPTS = 3 -- for each operation
local PAUSE = 0.5 -- seconds between two of them
local SLICE = 60 -- seconds of time that are run at once

local convergence = {}

local Inquiry = {}
Inquiry.__index = Inquiry

-- Does an operation; after a failure again, since a node may refuse one for reasons of its own.
function Inquiry:perform(op, attempt)
  local function ask(body, answer)
    self.client:request(op.node, body, self.timeout, answer)
  end
  workloads.perform(self.workload, op, ask, function(result, err)
    if result ~= nil then
      op.result = result
      for _, pair in ipairs(self.workload.contents.shown(op)) do
        self.found.values[#self.found.values + 1] = pair
      end
      self:go_on(op)
    elseif err.name == "key_does_not_exist" then
      self:go_on(op) -- that is an answer, too
    elseif attempt == ATTEMPTS then
      self.found.error = err
      self:finish()
    else
      if not err.definite then -- the reply may still come, and to another request
        self.client:close()
        self.client = self.cluster:client()
      end
      self.cluster.world:after(PAUSE, function()
        self:perform(op, attempt + 1)
      end)
    end
  end, self.process)
end

function Inquiry:go_on(last)
  local f, value = self.generate(last)
  if f then
    self:perform({ f = f, value = value, node = self.found.node }, 1)
  else
    self:finish()
  end
end

function Inquiry:finish()
  self.client:close()
  self.done()
end

--- Waits, and then asks all nodes at once, one operation after the other at each.
-- @tparam cluster cluster from sim.cluster, with all faults healed
-- @tparam table workload one with `contents`
-- @tparam {operation,...} history of the load
-- @tparam table opts see sim.options
-- @tparam number timeout of a request, in seconds
-- @treturn[1] table for each node, in their order: `node`, `values` (a list of {name, value}), and
--   `error` when it did not say all
-- @treturn[2] nil
-- @treturn[2] string what the cluster did that none may do
function convergence.ask(cluster, workload, history, opts, timeout)
  local world, all, open = cluster.world, {}, #opts.nodes
  local ok, message = world:run(QUIET)
  if not ok then
    return nil, message
  end
  for i, id in ipairs(opts.nodes) do
    all[i] = { node = id, values = {} }
    setmetatable({
      cluster = cluster, workload = workload, timeout = timeout, client = cluster:client(),
      process = { id = -i }, generate = workload.contents.operations(history, opts),
      found = all[i],
      done = function()
        open = open - 1
        if open == 0 then
          world:stop()
        end
      end,
    }, Inquiry):go_on()
  end
  while open > 0 do
    ok, message = world:run(SLICE)
    if not ok then
      return nil, message
    end
  end
  return all
end

return convergence
