--- Broken: a send that the first node does not confirm in time is repeated, and appended again.

local logs = require "kafka_logs"
local node = require "hearsay"

local handlers = logs.at_first()
local append = logs.here().send

node.on("append", append)

function handlers.send(msg)
  local body = { type = "append", key = msg.body.key, msg = msg.body.msg }
  for _ = 1, 40 do
    local reply = node.rpc(node.ids[1], body, 0.1)
    if reply then
      return { type = "send_ok", offset = reply.offset }
    end
  end
end

logs.serve(handlers)
