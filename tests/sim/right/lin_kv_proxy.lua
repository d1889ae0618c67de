--- Registers that are those of the service lin-kv: requests are handed on, replies handed back.
-- What the network brings there twice is done twice: it is right only where that does not happen.

local node = require "hearsay"

for _, message_type in ipairs({ "read", "write", "cas" }) do
  node.on(message_type, function(msg)
    local request = {}
    for name, field in pairs(msg.body) do
      request[name] = field
    end
    request.msg_id = nil
    local reply, err = node.rpc("lin-kv", request, 5)
    if not reply then
      error(err, 0)
    end
    reply.in_reply_to = nil
    return reply
  end)
end
