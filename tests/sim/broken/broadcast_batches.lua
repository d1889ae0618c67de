--- Broadcast in batches that are emptied when they are sent, not when they are confirmed. In a calm
-- network it has the figures of one that is right.

local json = require "hearsay.json"
local node = require "hearsay"
local seen = require "hearsay.seen"

local WINDOW = 0.3 -- seconds

local values, batch = seen.new(), json.array()

node.on("topology", function()
  return { type = "topology_ok" }
end)

node.on("broadcast", { message = "any" }, function(msg)
  if values:add(msg.body.message) then
    batch[#batch + 1] = msg.body.message
  end
  return { type = "broadcast_ok" }
end)

node.every(WINDOW, function()
  if batch[1] == nil then
    return
  end
  for _, peer in ipairs(node.peers) do
    node.send(peer, { type = "batch", values = batch })
  end
  batch = json.array()
end)

node.on("batch", { values = "array" }, function(msg)
  values:merge(msg.body.values)
end)

node.on("read", function()
  return { type = "read_ok", messages = values }
end)
