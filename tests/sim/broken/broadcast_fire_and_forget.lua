--- Broadcast to everyone at once without repair: what falls into a partition stays away.

local node = require "hearsay"
local seen = require "hearsay.seen"

local values = seen.new()

node.on("topology", function()
  return { type = "topology_ok" }
end)

node.on("broadcast", { message = "any" }, function(msg)
  values:add(msg.body.message)
  for _, peer in ipairs(node.peers) do
    node.send(peer, { type = "put", value = msg.body.message })
  end
  return { type = "broadcast_ok" }
end)

node.on("put", { value = "any" }, function(msg)
  values:add(msg.body.value)
end)

node.on("read", function()
  return { type = "read_ok", messages = values }
end)
