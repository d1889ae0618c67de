--- Broken: a send gets its offset from the first node, and then its entry goes there in a message
-- of which nobody asks whether it arrived. When a partition begins in between, the entry is lost.

local logs = require "kafka_logs"
local node = require "hearsay"

local next_offset = {}

node.on("allocate", function(msg)
  local offset = next_offset[msg.body.key] or 0
  next_offset[msg.body.key] = offset + 1
  return { type = "allocate_ok", offset = offset }
end)

node.on("store", function(msg)
  logs.append(msg.body.key, msg.body.msg, msg.body.offset)
end)

local handlers = logs.at_first()

function handlers.send(msg)
  local first, key = node.ids[1], msg.body.key
  local offset = logs.ask(first, { type = "allocate", key = key }).offset
  node.send(first, { type = "store", key = key, msg = msg.body.msg, offset = offset })
  return { type = "send_ok", offset = offset }
end

logs.serve(handlers)
