-- Gossip policies in virtual time: nodes that spread values, and whether they got them.
--
--     local gossip_lab = dofile("tests/lua/gossip_lab.lua")
--     local g = gossip_lab.start({ "hub", "window=0.3" }, { nodes = 25, latency = 100 })
--     g:add("n3", 17)
--     local seconds = assert(g:settle(2))

local json = require "hearsay.json"
local lab = dofile("tests/lua/lab.lua")
local topology = require "hearsay.topology"

local SCRIPT = "tests/lua/fixtures/gossip.lua"
local STEP = 0.001 -- seconds between two looks at who has what

local Gossip = setmetatable({}, { __index = lab.Lab })
Gossip.__index = Gossip

local gossip_lab = {}

-- Starts nodes with a policy; options as of lab.start, and graph: a topology that they are told.
function gossip_lab.start(args, options)
  options.args = args
  local self = setmetatable(lab.start(SCRIPT, options), Gossip)
  self.values, self.next_value = json.array({}), 0
  if options.graph then
    self.graph = topology.build(options.graph, self.ids)
    self:ask_now(self.ids, function()
      return { type = "topology", topology = self.graph }
    end)
  end
  return self
end

-- Hands a node a value, by default one of its own kind. Returns it.
function Gossip:add(id, value)
  if value == nil then
    value = self.next_value
    self.next_value = value + 1
  end
  self.values[#self.values + 1] = value
  self.is_new = assert(self:ask_now({ id }, function()
    return { type = "add", value = value }
  end)[id]).is_new
  return value
end

-- Who of the nodes lacks something: a list of ids, and words that name the first.
function Gossip:lacking(ids, values)
  values = values or self.values
  local replies = self:ask_now(ids or self.ids, function()
    return { type = "has", values = values }
  end)
  local lacking, text = {}, nil
  for _, id in ipairs(ids or self.ids) do
    local reply = replies[id]
    if reply.missing ~= nil then
      lacking[#lacking + 1] = id
      text = text or ("%s lacks %s at %g s"):format(id, json.encode(reply.missing), self:now())
    end
  end
  return lacking, text
end

-- Runs until the nodes have the values, all by default: how many seconds it took; or nil and who
-- lacks what after the limit.
function Gossip:settle(limit, ids, values)
  local start = self:now()
  while true do
    local text
    ids, text = self:lacking(ids, values)
    if not ids[1] then
      return self:now() - start
    elseif self:now() - start > limit then
      return nil, text
    end
    self:run(STEP)
  end
end

return gossip_lab
