--- A counter whose adds are sent to all others once: what a partition drops is never counted there.

local node = require "hearsay"

local sum = 0

node.on("add", { delta = "integer" }, function(msg)
  sum = sum + msg.body.delta
  for _, peer in ipairs(node.peers) do
    node.send(peer, { type = "count", delta = msg.body.delta })
  end
  return { type = "add_ok" }
end)

node.on("count", { delta = "integer" }, function(msg)
  sum = sum + msg.body.delta
end)

node.on("read", function()
  return { type = "read_ok", value = sum }
end)
