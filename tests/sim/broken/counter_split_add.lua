--- A counter in lin-kv that reads the sum and writes it with the delta: of two adds that come at
-- once, one is lost.

local node = require "hearsay"

local function ask(body)
  local reply, err = node.rpc("lin-kv", body, 5)
  if not reply and err.name ~= "key_does_not_exist" then
    error(err, 0)
  end
  return reply
end

local function get()
  local reply = ask({ type = "read", key = "sum" })
  return reply and reply.value or 0
end

node.on("add", { delta = "integer" }, function(msg)
  ask({ type = "write", key = "sum", value = get() + msg.body.delta })
  return { type = "add_ok" }
end)

node.on("read", function()
  return { type = "read_ok", value = get() }
end)
