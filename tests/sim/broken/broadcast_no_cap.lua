--- Broadcast that repeats what is not confirmed after pauses that double without a cap: when a long
-- partition ends, the next try may be as far away as the partition was long, and who reads before
-- that does not find the value.

local node = require "hearsay"
local seen = require "hearsay.seen"

local FIRST = 0.2 -- seconds

local values = seen.new()

node.on("topology", function()
  return { type = "topology_ok" }
end)

node.on("broadcast", { message = "any" }, function(msg)
  values:add(msg.body.message)
  for _, peer in ipairs(node.peers) do
    node.spawn(function()
      local patience = FIRST
      while not node.rpc(peer, { type = "put", value = msg.body.message }, patience) do
        patience = 2 * patience
      end
    end)
  end
  return { type = "broadcast_ok" }
end)

node.on("put", { value = "any" }, function(msg)
  values:add(msg.body.value)
  return { type = "put_ok" }
end)

node.on("read", function()
  return { type = "read_ok", messages = values }
end)
