--- Broken: logs of a single node on its disk, but a reply goes out when what it says is written,
-- and the sync follows. A kill between the two takes back a message that was acknowledged, and its
-- offset is given out again.

local logs = require "hearsay.log"
local node = require "hearsay"
local sorted = require "hearsay.sorted"

local log

node.on_init(function()
  log = assert(logs.open("kafka.log"))
end)

local function durable_soon(reply)
  node.spawn(function()
    assert(log:sync())
  end)
  return reply
end

node.on("send", { key = "string", msg = "any" }, function(msg)
  return durable_soon({ type = "send_ok", offset = log:append(msg.body.key, msg.body.msg) })
end)

node.on("poll", { offsets = "object" }, function(msg)
  local msgs = {}
  for key, from in pairs(msg.body.offsets) do
    msgs[key] = log:read(key, from)
  end
  return durable_soon({ type = "poll_ok", msgs = msgs })
end)

node.on("commit_offsets", { offsets = "object" }, function(msg)
  for _, key in ipairs(sorted.keys(msg.body.offsets)) do -- what a kill leaves depends on the order
    log:commit(key, msg.body.offsets[key])
  end
  return durable_soon({ type = "commit_offsets_ok" })
end)

node.on("list_committed_offsets", { keys = "array" }, function(msg)
  local offsets = {}
  for _, key in ipairs(msg.body.keys) do
    offsets[key] = log:committed(key)
  end
  return durable_soon({ type = "list_committed_offsets_ok", offsets = offsets })
end)
