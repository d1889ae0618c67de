--- A set that is pushed until confirmed.

local gossip = require "hearsay.gossip"
local node = require "hearsay"

local spread = gossip.start { policy = "push" }

node.on("add", { element = "any" }, function(msg)
  spread:add(msg.body.element)
  return { type = "add_ok" }
end)

node.on("read", function()
  return { type = "read_ok", value = spread.values }
end)
