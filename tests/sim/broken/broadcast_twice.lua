--- Broadcast into a list: what comes again, because its confirmation was late, is in it again.

local json = require "hearsay.json"
local node = require "hearsay"

local PATIENCE = 0.03 -- seconds

local values = json.array()

node.on("topology", function()
  return { type = "topology_ok" }
end)

node.on("broadcast", { message = "any" }, function(msg)
  values[#values + 1] = msg.body.message
  for _, peer in ipairs(node.peers) do
    node.spawn(function()
      repeat until node.rpc(peer, { type = "put", value = msg.body.message }, PATIENCE)
    end)
  end
  return { type = "broadcast_ok" }
end)

node.on("put", { value = "any" }, function(msg)
  values[#values + 1] = msg.body.value
  return { type = "put_ok" }
end)

node.on("read", function()
  return { type = "read_ok", messages = values }
end)
