--- Broken: the next offset of a log is a counter in lin-kv that is created by a cas from 0 to 0.
-- Two nodes that do so at once both succeed, and both take offset 0 for theirs.

local json = require "hearsay.json"
local logs = require "kafka_logs"
local node = require "hearsay"

local KV = "lin-kv"

local function read(key)
  local reply = node.rpc(KV, { type = "read", key = key })
  return reply and reply.value
end

local function allocate(key)
  while true do
    local last = read(key)
    local offset = last and last + 1 or 0
    if node.rpc(KV, { type = "cas", key = key, from = last or 0, to = offset,
      create_if_not_exists = true }) then
      return offset
    end
  end
end

local handlers = logs.here()

function handlers.send(msg)
  local key = msg.body.key
  local offset = allocate(key)
  logs.ask(KV, { type = "write", key = key .. "/" .. offset, value = msg.body.msg })
  return { type = "send_ok", offset = offset }
end

-- Up to the first entry that is not there.
function handlers.poll(msg)
  local msgs = {}
  for key, offset in pairs(msg.body.offsets) do
    local list = json.array()
    local message = read(key .. "/" .. offset)
    while message do
      list[#list + 1] = json.array({ offset, message })
      offset = offset + 1
      message = read(key .. "/" .. offset)
    end
    msgs[key] = list
  end
  return { type = "poll_ok", msgs = msgs }
end

logs.serve(handlers)
