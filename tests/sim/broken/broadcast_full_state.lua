--- Broadcast that gossips all values it has, again and again. Nothing is ever lost; but the lines
-- grow with each value, and readers in other languages give up at 64 KB a line.

local node = require "hearsay"
local seen = require "hearsay.seen"

local INTERVAL = 0.5 -- seconds

local values = seen.new()

node.on("topology", function()
  return { type = "topology_ok" }
end)

node.on("broadcast", { message = "any" }, function(msg)
  values:add(msg.body.message)
  return { type = "broadcast_ok" }
end)

node.every(INTERVAL, function()
  for _, peer in ipairs(node.peers) do
    node.send(peer, { type = "state", values = values })
  end
end)

node.on("state", { values = "array" }, function(msg)
  values:merge(msg.body.values)
end)

node.on("read", function()
  return { type = "read_ok", messages = values }
end)
