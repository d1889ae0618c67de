--- A proxy of the service lin-kv that is too impatient: when the answer is late it says that the
-- operation surely did not happen, though it may have.

local errors = require "hearsay.errors"
local node = require "hearsay"

local PATIENCE = 0.05 -- seconds

for _, message_type in ipairs({ "read", "write", "cas" }) do
  node.on(message_type, function(msg)
    local request = {}
    for name, field in pairs(msg.body) do
      request[name] = field
    end
    request.msg_id = nil
    local reply, err = node.rpc("lin-kv", request, PATIENCE)
    if not reply then
      error(err.definite and err or errors.new("temporarily_unavailable"), 0)
    end
    reply.in_reply_to = nil
    return reply
  end)
end
