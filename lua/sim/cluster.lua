--- A cluster of nodes that run one script, started and initialised, in virtual time.
-- @module sim.cluster

local client = require "sim.client"
local services = require "sim.services"
local worlds = require "hearsay.world"

local INIT_TIMEOUT = 10 -- seconds, as Maelstrom's

local Cluster = {}
Cluster.__index = Cluster

local cluster = {}

--- Makes the world and loads the script into each node; no message is sent yet.
-- @tparam table options
--
--   - command: list of words: a script and its arguments; in real time a program and its own
--   - real_time: whether nodes are processes
--   - nodes: list of ids
--   - seed; latency (mean, milliseconds), latency_dist, head_of_line, max_line, sync_time
--     (milliseconds): see sim.options
--   - limits: options of ./node and their values, in one list
--   - probed: see hearsay.world
-- @treturn[1] cluster with `world` and `nodes`
-- @treturn[2] nil
-- @treturn[2] string why the script does not load
function cluster.new(options)
  local ok_world, world = pcall(worlds.new, {
    seed = options.seed,
    latency = (options.latency or 0) / 1000,
    latency_dist = options.latency_dist,
    head_of_line = options.head_of_line,
    sync_time = options.sync_time and options.sync_time / 1000,
    real_time = options.real_time,
    max_line = options.max_line,
    limits = options.limits,
    probed = options.probed,
  })
  if not ok_world then
    return nil, world
  end
  services.add_all(world, options.seed)
  local self = setmetatable({ world = world, nodes = options.nodes, next_client = 0 }, Cluster)
  for _, id in ipairs(options.nodes) do
    local ok, message = world:add_node(id, options.command)
    if not ok then
      return nil, message
    end
  end
  return self
end

--- A new client, called c0, c1, .. in the order of the calls.
function Cluster:client()
  local id = "c" .. self.next_client
  self.next_client = self.next_client + 1
  return client.new(self.world, id)
end

--- Sends every node a request at once and runs until all have replied.
-- @tparam function body_for called with a node id, returns the request's body
-- @tparam[opt=10] number timeout seconds
-- @treturn[1] true
-- @treturn[2] nil
-- @treturn[2] string who did not reply as it should
function Cluster:ask_all(body_for, timeout)
  local open, problem = #self.nodes, nil
  for _, id in ipairs(self.nodes) do
    local asker, body = self:client(), body_for(id)
    asker:request(id, body, timeout or INIT_TIMEOUT, function(reply, err)
      asker:close()
      open = open - 1
      if not reply and not problem then
        problem = ("%s did not answer %q: %s"):format(id, body.type, tostring(err))
      end
      if open == 0 then
        self.world:stop()
      end
    end)
  end
  local ok, message = self.world:run((timeout or INIT_TIMEOUT) + 1)
  if not ok or problem then
    return nil, message or problem
  end
  return true
end

--- Starts a node that was killed, and initialises it.
-- @tparam string id
function Cluster:restart(id)
  assert(self.world:start(id))
  local asker = self:client()
  asker:request(id, { type = "init", node_id = id, node_ids = self.nodes }, INIT_TIMEOUT, function()
    asker:close()
  end)
end

--- Sends init to every node and waits for init_ok.
-- @treturn[1] true
-- @treturn[2] nil
-- @treturn[2] string who did not reply as it should
function Cluster:init()
  return self:ask_all(function(id)
    return { type = "init", node_id = id, node_ids = self.nodes }
  end)
end

return cluster
