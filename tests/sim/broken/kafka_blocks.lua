--- Broken: each of two producers of a node has reserved a block of offsets, and sends take turns:
-- what one client sends goes up and down, and consumers have gone past the lower block.

local logs = require "kafka_logs"

local BLOCK = 1000

local sent = {}

local handlers = logs.here()

function handlers.send(msg)
  local key = msg.body.key
  local count = sent[key] or 0
  sent[key] = count + 1
  local offset = (1 - count % 2) * BLOCK + count // 2
  logs.append(key, msg.body.msg, offset)
  return { type = "send_ok", offset = offset }
end

logs.serve(handlers)
