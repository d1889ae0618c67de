--- A simulated cluster for a script's own tests: start nodes in virtual time, ask them, cut them
-- off, kill them, let time pass, and look at what they sent.
--
--     local testing = require "hearsay.testing"
--
--     describe("my broadcast", function()
--       it("reaches everybody within a second", function()
--         local nodes = testing.start("broadcast.lua", { nodes = 5, latency = 100 })
--         nodes:ask("n0", { type = "broadcast", message = 7 })
--         nodes:eventually(1, function()
--           local reply = nodes:ask("n4", { type = "read" })
--           return reply.messages[1] == 7
--         end)
--       end)
--     end)
--
-- Run it by `./node --lua scripts/busted.lua my_spec.lua`. Nothing here waits for real time, and
-- the same seed gives the same run. What goes wrong in the cluster itself raises.
-- @module hearsay.testing

local clusters = require "sim.cluster"
local json = require "hearsay.json"

local Nodes = {}
Nodes.__index = Nodes

local testing = { Nodes = Nodes }

--- The ids of n nodes: n0, n1, ..
-- @tparam integer n
-- @treturn {string,...}
function testing.ids(n)
  local ids = {}
  for i = 1, n do
    ids[i] = "n" .. i - 1
  end
  return ids
end

--- Loads a script into the nodes of a new cluster; no message is sent yet.
-- @tparam string script its text, or its path: one line that ends with .lua. Only a node whose
--   script has a path can be restarted
-- @tparam table options as for start; `nodes` is a list
-- @treturn[1] table the cluster, see sim.cluster
-- @treturn[2] nil
-- @treturn[2] string why the script does not load
function testing.load(script, options)
  local path = script
  if not script:find("^[^\n]+%.lua$") then
    path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(script)
    file:close()
  end
  local cluster, message = clusters.new({
    command = table.move(options.args or {}, 1, #(options.args or {}), 2, { path }),
    nodes = options.nodes, seed = options.seed or 1,
    latency = options.latency,
    latency_dist = options.latency_dist,
    -- Questions pass messages under way, so that they are answered at the same instant.
    head_of_line = options.head_of_line or false,
    sync_time = options.sync_time,
  })
  if path ~= script then
    os.remove(path)
  end
  return cluster, message
end

--- Starts a cluster and initialises it.
-- @tparam string script its text, or its path
-- @tparam[opt] table options
-- @tparam[opt=1] integer|{string,...} options.nodes a list of ids, or how many
-- @tparam[opt] {string,...} options.args the script's arguments
-- @tparam[opt=1] integer options.seed the same one gives the same run
-- @tparam[opt=0] number options.latency mean, in milliseconds
-- @tparam[opt="constant"] string options.latency_dist `constant`, `uniform` or `exponential`
-- @tparam[opt=false] boolean options.head_of_line whether a question waits behind the messages that
--   are under way, as under Maelstrom
-- @tparam[opt=1] number options.sync_time what a sync of a node's disk takes, in milliseconds
-- @tparam[opt=true] boolean options.init false leaves it to the test
-- @treturn nodes `ids`, and the methods below
function testing.start(script, options)
  options = options or {}
  local nodes = options.nodes or 1
  local ids = type(nodes) == "table" and nodes or testing.ids(nodes)
  local cluster = assert(testing.load(script, setmetatable({ nodes = ids }, { __index = options })))
  local self = setmetatable({
    cluster = cluster, world = cluster.world, ids = ids, start_us = cluster.world:now_us(),
    askers = {}, -- node id to the client that asks it
  }, Nodes)
  self.world:journal() -- turns it on
  if options.init ~= false then
    assert(cluster:init())
  end
  return self
end

--- Seconds since the start.
-- @treturn number
function Nodes:now()
  return (self.world:now_us() - self.start_us) / 1e6
end

--- Lets time pass.
-- @tparam number seconds
function Nodes:run(seconds)
  assert(self.world:run(seconds))
end

--- Asks a node as a client does, and lets time pass until it has replied.
-- @tparam string id
-- @tparam table body
-- @tparam[opt=5] number timeout seconds
-- @treturn[1] table the reply's body
-- @treturn[2] nil
-- @treturn[2] err
function Nodes:ask(id, body, timeout)
  local client, reply, err = self.cluster:client(), nil, nil
  client:request(id, body, timeout or 5, function(...)
    reply, err = ...
    self.world:stop()
  end)
  self:run(timeout or 5)
  client:close()
  return reply, err
end

--- Asks some nodes at the same instant, without letting time pass.
-- @tparam {string,...} ids
-- @tparam fun(id:string):table body_for returns the body for a node
-- @treturn table id to reply; those that do not reply at once are missing
function Nodes:ask_now(ids, body_for)
  local replies = {}
  for _, id in ipairs(ids) do
    local client = self.askers[id] or self.cluster:client()
    self.askers[id] = client
    client:request(id, body_for(id), 1e-6, function(reply)
      replies[id] = reply
    end)
  end
  self:run(0)
  return replies
end

--- Sends a node a message as it is, from somebody who does not listen.
-- @tparam string id
-- @tparam table body
function Nodes:tell(id, body)
  if not self.stranger then
    self.stranger = "c-stranger"
    self.world:add(self.stranger, "client", function() end)
  end
  self.world:send(self.stranger, id, body)
end

--- Cuts the nodes of one side off from those of the other, both ways.
-- @tparam {string,...} left node ids
-- @tparam {string,...} right node ids
function Nodes:cut(left, right)
  for _, a in ipairs(left) do
    for _, b in ipairs(right) do
      self.world:cut(a, b)
      self.world:cut(b, a)
    end
  end
end

--- Cuts nodes off from all others.
-- @tparam string ... node ids
function Nodes:isolate(...)
  for _, alone in ipairs({ ... }) do
    for _, id in ipairs(self.ids) do
      if id ~= alone then
        self:cut({ alone }, { id })
      end
    end
  end
end

--- Ends all cuts.
function Nodes:heal()
  self.world:heal()
end

--- Ends a node as a loss of power would. Its disk keeps what was synced, and a random prefix of
-- what was written since, drawn from the seed.
-- @tparam string id
function Nodes:kill(id)
  self.world:kill(id)
end

--- Starts a node that was killed: it knows what is on its disk.
-- @tparam string id
function Nodes:start(id)
  self.cluster:restart(id)
  self:run(0)
end

--- Has a node stand still until it is resumed.
-- @tparam string id
function Nodes:pause(id)
  self.world:pause(id)
end

--- A node that was paused goes on, with what came for it meanwhile.
-- @tparam string id
function Nodes:resume(id)
  self.world:resume(id)
end

--- Lets time pass until something is so.
-- @tparam number bound seconds
-- @tparam fun():boolean holds returns whether it is so; looked at 100 times within the bound
-- @treturn number the seconds that it took
-- @raise when it is not so within the bound
function Nodes:eventually(bound, holds)
  local start = self:now()
  while not holds() do
    if self:now() - start >= bound then
      error(("it was not so within %g s"):format(bound), 2)
    end
    self:run(bound / 100)
  end
  return self:now() - start
end

--- Kills a node and starts it again at the same instant.
-- @tparam string id
function Nodes:restart(id)
  self:kill(id)
  self:start(id)
end

--- The names of the files on a node's disk, sorted.
-- @tparam string id
-- @treturn table array
function Nodes:files(id)
  local names = self.world:files(id)
  table.sort(names)
  return names
end

--- The bytes of a file on a node's disk; or sets them, while the node is killed.
-- @tparam string id
-- @tparam string name of one that files lists
-- @tparam[opt] string bytes what it is to have, or false: it is removed
-- @treturn ?string what it has, or had until now; nil when there is no such file
function Nodes:file(id, name, bytes)
  return self.world:file(id, name, bytes)
end

--- What happened since the last call, without what clients sent or got.
-- @treturn {table,...} {time (seconds since the start), event ("send" or "recv"), src, dest, body},
--   in their order
function Nodes:journal()
  local list = {}
  for line in self.world:journal():gmatch("[^\n]+") do
    if not line:find('"src":"c', 1, true) and not line:find('"dest":"c', 1, true) then
      local entry = assert(json.decode(line))
      local message = entry.message
      list[#list + 1] = {
        time = (entry.time - self.start_us) / 1e6, event = entry.event,
        src = message.src, dest = message.dest, body = message.body,
      }
    end
  end
  return list
end

--- The messages that nodes sent each other since the last call of this or of journal.
-- @treturn {table,...} as of journal
function Nodes:sent()
  local list = {}
  for _, entry in ipairs(self:journal()) do
    if entry.event == "send" then
      list[#list + 1] = entry
    end
  end
  return list
end

--- What a node wrote to its diagnostics.
-- @tparam string id
-- @treturn string
function Nodes:log(id)
  return self.world:log(id)
end

return testing
