--- Broken: node i of n hands out lamport * n + i and tells the others, and a poll returns whatever
-- is there, without waiting until no lower offset can come any more.

local logs = require "kafka_logs"
local node = require "hearsay"

local clock, place = 0, 0

node.on_init(function()
  for i, id in ipairs(node.ids) do
    place = id == node.id and i - 1 or place
  end
end)

node.on("entry", function(msg)
  clock = math.max(clock, msg.body.offset // #node.ids)
  logs.append(msg.body.key, msg.body.msg, msg.body.offset)
end)

local handlers = logs.here()

function handlers.send(msg)
  clock = clock + 1
  local offset = clock * #node.ids + place
  logs.append(msg.body.key, msg.body.msg, offset)
  for _, peer in ipairs(node.peers) do
    node.send(peer, { type = "entry", key = msg.body.key, msg = msg.body.msg, offset = offset })
  end
  return { type = "send_ok", offset = offset }
end

logs.serve(handlers)
