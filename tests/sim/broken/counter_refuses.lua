--- A counter that counts everything, and says of every tenth add that it did not.

local errors = require "hearsay.errors"
local gossip = require "hearsay.gossip"
local json = require "hearsay.json"
local node = require "hearsay"

local spread = gossip.start { policy = "push" }
local number = 0

node.on("add", { delta = "integer" }, function(msg)
  number = number + 1
  spread:add(json.array({ node.id, number, msg.body.delta }))
  if number % 10 == 0 then
    error(errors.new("abort"), 0)
  end
  return { type = "add_ok" }
end)

node.on("read", function()
  local sum = 0
  for _, entry in ipairs(spread.values:values()) do
    sum = sum + entry[3]
  end
  return { type = "read_ok", value = sum }
end)
