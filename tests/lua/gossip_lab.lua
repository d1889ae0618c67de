-- Gossip policies in virtual time: nodes that spread values, and whether they got them.
--
--     local gossip_lab = dofile("tests/lua/gossip_lab.lua")
--     local g = gossip_lab.start({ "hub", "window=0.3" }, { nodes = 25, latency = 100 })
--     g:add("n3", 17)
--     local seconds = assert(g:settle(2))

local json = require "hearsay.json"
local lab = require "hearsay.testing"
local topology = require "hearsay.topology"

local SCRIPT = "tests/lua/fixtures/gossip.lua"

local Gossip = setmetatable({}, { __index = lab.Nodes })
Gossip.__index = Gossip

local gossip_lab = {}

-- The ids n<from> to n<to>.
function gossip_lab.range(from, to)
  local ids = {}
  for i = from, to do
    ids[#ids + 1] = "n" .. i
  end
  return ids
end

-- How many of the messages are of a type.
function gossip_lab.count(messages, type)
  local n = 0
  for _, message in ipairs(messages) do
    n = n + (message.body.type == type and 1 or 0)
  end
  return n
end

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

-- Adds values at random nodes for some seconds, at uniformly random gaps, `rate` a second: a table
-- of value to {id, time}.
function Gossip:load(random, seconds, rate, ids)
  local added, stop = {}, self:now() + seconds
  ids = ids or self.ids
  while self:now() < stop do
    local id = ids[random:upto(#ids)]
    added[self:add(id)] = { id = id, time = self:now() }
    self:run(random:unit() * 2 / rate)
  end
  return added
end

-- How many values a node has.
function Gossip:count(id)
  return self:ask_now({ id }, function()
    return { type = "count" }
  end)[id].count
end

-- The messages that nodes sent to each other in so many seconds.
function Gossip:sent_within(seconds)
  self:journal()
  self:run(seconds)
  return self:sent()
end

-- Runs until the nodes have the values, all by default: how many seconds it took, to the next
-- millisecond; or nil and who lacks what after the limit.
function Gossip:settle(limit, ids, values)
  local start, open, text = self:now(), 0, nil
  for _, id in ipairs(ids or self.ids) do
    local client = self.cluster:client()
    open = open + 1
    client:request(id, { type = "wait", values = values or self.values, limit = limit }, limit + 1,
      function(reply)
        client:close()
        open = open - 1
        if not reply then
          text = text or id .. " does not answer"
        elseif reply.missing ~= nil then
          text = text or ("%s lacks %s after %g s"):format(id, json.encode(reply.missing), limit)
        end
        if open == 0 then
          self.world:stop()
        end
      end)
  end
  self:run(limit + 2)
  if text then
    return nil, text
  end
  return self:now() - start
end

return gossip_lab
