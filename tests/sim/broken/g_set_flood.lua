--- A set that is flooded without repair: what a partition drops stays away.

local gossip = require "hearsay.gossip"
local node = require "hearsay"

local spread = gossip.start { policy = "flood" }

node.on("add", { element = "any" }, function(msg)
  spread:add(msg.body.element)
  return { type = "add_ok" }
end)

node.on("read", function()
  return { type = "read_ok", value = spread.values }
end)
