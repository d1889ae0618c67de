--- Registers that are those of a service which is not linearizable: seq-kv, or the one named.

local node = require "hearsay"

local service = ... or "seq-kv"

for _, message_type in ipairs({ "read", "write", "cas" }) do
  node.on(message_type, function(msg)
    local request = {}
    for name, field in pairs(msg.body) do
      request[name] = field
    end
    request.msg_id = nil
    local reply, err = node.rpc(service, request, 5)
    if not reply then
      error(err, 0)
    end
    reply.in_reply_to = nil
    return reply
  end)
end
