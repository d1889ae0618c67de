--- Logs on a single node: an array a key, offsets count from 0.

local json = require "hearsay.json"
local node = require "hearsay"

local logs, committed = {}, {}

node.on("send", { key = "string", msg = "any" }, function(msg)
  local key = msg.body.key
  local log = logs[key] or {}
  logs[key] = log
  log[#log + 1] = json.array({ #log, msg.body.msg })
  return { type = "send_ok", offset = #log - 1 }
end)

node.on("poll", { offsets = "object" }, function(msg)
  local msgs = {}
  for key, from in pairs(msg.body.offsets) do
    local log = logs[key] or {}
    msgs[key] = json.array(table.move(log, from + 1, #log, 1, {}))
  end
  return { type = "poll_ok", msgs = msgs }
end)

node.on("commit_offsets", { offsets = "object" }, function(msg)
  for key, offset in pairs(msg.body.offsets) do
    committed[key] = math.max(committed[key] or offset, offset)
  end
  return { type = "commit_offsets_ok" }
end)

node.on("list_committed_offsets", { keys = "array" }, function(msg)
  local offsets = {}
  for _, key in ipairs(msg.body.keys) do
    offsets[key] = committed[key]
  end
  return { type = "list_committed_offsets_ok", offsets = offsets }
end)
