-- Nodes in virtual time for specs: runs a script on some nodes, asks them, cuts them off.
--
--     local lab = dofile("tests/lua/lab.lua")
--     local nodes = lab.start("echo.lua's text, or its path", { nodes = 3, latency = 100 })
--     local reply, err = nodes:ask("n0", { type = "echo", echo = 7 })
--     nodes:cut({ "n0" }, { "n1", "n2" })
--     nodes:run(2.5)

local clusters = require "sim.cluster"
local json = require "hearsay.json"

local Lab = {}
Lab.__index = Lab

local lab = { Lab = Lab }

-- The ids of n nodes: n0, n1, ..
function lab.ids(n)
  local ids = {}
  for i = 1, n do
    ids[i] = "n" .. i - 1
  end
  return ids
end

-- Loads a script, its text or its path (one line that ends with .lua), into the nodes of a new
-- cluster. Returns the cluster, or nil and why not. Only a script with a path can be restarted.
function lab.load(script, options)
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
  })
  if path ~= script then
    os.remove(path)
  end
  return cluster, message
end

-- Starts a cluster and initialises it. Options, all optional: nodes (a list of ids, or how many;
-- 1), args (of the script), seed (1), latency (milliseconds), latency_dist, head_of_line (false),
-- init (false: leave that to the spec).
function lab.start(script, options)
  options = options or {}
  local nodes = options.nodes or 1
  local ids = type(nodes) == "table" and nodes or lab.ids(nodes)
  local cluster = assert(lab.load(script, setmetatable({ nodes = ids }, { __index = options })))
  local self = setmetatable({
    cluster = cluster, world = cluster.world, ids = ids, start_us = cluster.world:now_us(),
    askers = {}, -- node id to the client that asks it
  }, Lab)
  self.world:journal() -- turns it on
  if options.init ~= false then
    assert(cluster:init())
  end
  return self
end

-- Seconds since the start.
function Lab:now()
  return (self.world:now_us() - self.start_us) / 1e6
end

function Lab:run(seconds)
  assert(self.world:run(seconds))
end

-- Asks a node and runs until it has replied: the reply's body, or nil and an error.
function Lab:ask(id, body, timeout)
  local client, reply, err = self.cluster:client(), nil, nil
  client:request(id, body, timeout or 5, function(...)
    reply, err = ...
    self.world:stop()
  end)
  self:run(timeout or 5)
  client:close()
  return reply, err
end

-- Asks some nodes at the same instant, without letting time pass: a table of id to reply.
function Lab:ask_now(ids, body_for)
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

-- Sends a node a message as it is, from somebody who does not listen.
function Lab:tell(id, body)
  if not self.stranger then
    self.stranger = "c-stranger"
    self.world:add(self.stranger, "client", function() end)
  end
  self.world:send(self.stranger, id, body)
end

-- Cuts the nodes of one side off from those of the other, both ways.
function Lab:cut(left, right)
  for _, a in ipairs(left) do
    for _, b in ipairs(right) do
      self.world:cut(a, b)
      self.world:cut(b, a)
    end
  end
end

-- Cuts nodes off from all others.
function Lab:isolate(...)
  for _, alone in ipairs({ ... }) do
    for _, id in ipairs(self.ids) do
      if id ~= alone then
        self:cut({ alone }, { id })
      end
    end
  end
end

function Lab:heal()
  self.world:heal()
end

-- Kills a node and starts it again at the same instant: it knows nothing any more.
function Lab:restart(id)
  self.world:kill(id)
  self.cluster:restart(id)
  self:run(0)
end

-- What happened since the last call: a list of {time (seconds since the start), event ("send" or
-- "recv"), src, dest, body} in their order, without what clients sent or got.
function Lab:journal()
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

-- The messages that nodes sent each other since the last call of this or of journal.
function Lab:sent()
  local list = {}
  for _, entry in ipairs(self:journal()) do
    if entry.event == "send" then
      list[#list + 1] = entry
    end
  end
  return list
end

-- What a node wrote to its diagnostics.
function Lab:log(id)
  return self.world:log(id)
end

return lab
