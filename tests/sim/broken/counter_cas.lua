--- A counter in one key of seq-kv, or the service named. An add compares and sets until that
-- succeeds, so that none is lost there; but a read is only a read, which may be old, and in lww-kv
-- two adds may succeed at two replicas.

local node = require "hearsay"

local service = ... or "seq-kv"

local function get()
  local reply, err = node.rpc(service, { type = "read", key = "sum" }, 5)
  if not reply and err.name ~= "key_does_not_exist" then
    error(err, 0)
  end
  return reply and reply.value
end

node.on("add", { delta = "integer" }, function(msg)
  if msg.body.delta ~= 0 then
    repeat
      local sum = get()
      local done, err = node.rpc(service, { type = "cas", key = "sum", from = sum or 0,
        to = (sum or 0) + msg.body.delta, create_if_not_exists = sum == nil }, 5)
      if not done and not err.definite then
        error(err, 0)
      end
    until done
  end
  return { type = "add_ok" }
end)

node.on("read", function()
  return { type = "read_ok", value = get() or 0 }
end)
