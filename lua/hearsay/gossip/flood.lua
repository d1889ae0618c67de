--- Flooding: whoever sees a value for the first time sends it to all neighbours but the one it came
-- from.
--
-- The seen-set ends the flood: a node passes a value on once. On a connected graph with e edges a
-- value costs 2e - (n - 1) messages (on a tree n - 1, the least there is) and arrives after as many
-- hops as the graph's diameter at most.
--
-- Survives nothing: a message that is lost is not sent again. In a graph with many ways around, a
-- loss is often made good by another way; on a tree, and in a partition, values are lost.
-- @module hearsay.gossip.flood

local gossip = require "hearsay.gossip"
local node = require "hearsay"
local seen = require "hearsay.seen"

local Flood = {}
Flood.__index = Flood

local flood = {}

--- Starts flooding. There are no parameters. Until `neighbours` is set, they are all other nodes.
-- @tparam table options
-- @treturn flood
function flood.start(options)
  gossip.parameters(options, {})
  local self = setmetatable({ values = seen.new() }, Flood)
  node.on("flood", { value = "any" }, function(msg)
    self:add(msg.body.value, msg.src)
  end)
  return self
end

--- Takes a value and passes it on if it is new.
-- @param value anything that JSON can say
-- @tparam[opt] string from the node it came from; none for a client's
-- @treturn boolean whether it is new
function Flood:add(value, from)
  if not self.values:add(value) then
    return false
  end
  for _, neighbour in ipairs(self.neighbours or node.peers) do
    if neighbour ~= from then
      node.send(neighbour, { type = "flood", value = value })
    end
  end
  return true
end

return flood
