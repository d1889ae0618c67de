--- A set that keeps its newest hundred elements.

local gossip = require "hearsay.gossip"
local json = require "hearsay.json"
local node = require "hearsay"

local KEPT = 100

local spread = gossip.start { policy = "push" }

node.on("add", { element = "any" }, function(msg)
  spread:add(msg.body.element)
  return { type = "add_ok" }
end)

node.on("read", function()
  local elements = spread.values:values(math.max(0, #spread.values - KEPT))
  return { type = "read_ok", value = json.array(elements) }
end)
