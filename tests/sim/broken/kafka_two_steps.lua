--- Broken: an offset is handed out in one step, and its entry stored in another. Two sends may come
-- to the second step the other way round, and a consumer that was shown the later entry in between
-- has gone past the earlier one.

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
  return { type = "store_ok" }
end)

local handlers = logs.at_first()

function handlers.send(msg)
  local first, key = node.ids[1], msg.body.key
  local offset = logs.ask(first, { type = "allocate", key = key }).offset
  logs.ask(first, { type = "store", key = key, msg = msg.body.msg, offset = offset })
  return { type = "send_ok", offset = offset }
end

logs.serve(handlers)
