--- A counter whose adds are sent again until they are confirmed, and counted as often as they come.

local node = require "hearsay"

local PATIENCE = 0.05 -- seconds

local sum = 0

node.on("add", { delta = "integer" }, function(msg)
  local delta = msg.body.delta
  sum = sum + delta
  for _, peer in ipairs(node.peers) do
    node.spawn(function()
      repeat until node.rpc(peer, { type = "count", delta = delta }, PATIENCE)
    end)
  end
  return { type = "add_ok" }
end)

node.on("count", { delta = "integer" }, function(msg)
  sum = sum + msg.body.delta
  return { type = "count_ok" }
end)

node.on("read", function()
  return { type = "read_ok", value = sum }
end)
