--- A counter as a set of [node, number, delta] that is pushed until confirmed.

local gossip = require "hearsay.gossip"
local json = require "hearsay.json"
local node = require "hearsay"

local spread = gossip.start { policy = "push" }
local number, sum, counted = 0, 0, 0

node.on("add", { delta = "integer" }, function(msg)
  number = number + 1
  spread:add(json.array({ node.id, number, msg.body.delta }))
  return { type = "add_ok" }
end)

node.on("read", function()
  for _, entry in ipairs(spread.values:values(counted)) do
    sum = sum + entry[3]
  end
  counted = spread.values:version()
  return { type = "read_ok", value = sum }
end)
