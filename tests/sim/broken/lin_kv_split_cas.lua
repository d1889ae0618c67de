--- A cas reads and then writes: two that come at once both succeed.

local errors = require "hearsay.errors"
local node = require "hearsay"

local function ask(body)
  local reply, err = node.rpc("lin-kv", body, 5)
  return reply or error(err, 0)
end

node.on("read", function(msg)
  return { type = "read_ok", value = ask({ type = "read", key = msg.body.key }).value }
end)

node.on("write", function(msg)
  ask({ type = "write", key = msg.body.key, value = msg.body.value })
  return { type = "write_ok" }
end)

node.on("cas", function(msg)
  if ask({ type = "read", key = msg.body.key }).value ~= msg.body.from then
    error(errors.new("precondition_failed"), 0)
  end
  ask({ type = "write", key = msg.body.key, value = msg.body.to })
  return { type = "cas_ok" }
end)
