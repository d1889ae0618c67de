--- A proxy of the service lin-kv that asks again when the answer is late. A write that is done once
-- more may undo what was done in between.

local node = require "hearsay"

local PATIENCE = 0.05 -- seconds

for _, message_type in ipairs({ "read", "write", "cas" }) do
  node.on(message_type, function(msg)
    local request = {}
    for name, field in pairs(msg.body) do
      request[name] = field
    end
    request.msg_id = nil
    while true do
      local reply, err = node.rpc("lin-kv", request, PATIENCE)
      if reply then
        reply.in_reply_to = nil
        return reply
      elseif err.name ~= "timeout" then
        error(err, 0)
      end
    end
  end)
end
