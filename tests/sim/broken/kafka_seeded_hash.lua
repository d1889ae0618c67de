--- Broken: the owner of a log is found by a hash that is seeded in each process, so that nodes
-- disagree on who it is.

local logs = require "kafka_logs"
local node = require "hearsay"

local seed = node.random(0, 2 ^ 31)

local function owner(key)
  local hash = seed
  for i = 1, #key do
    hash = (hash * 31 + key:byte(i)) % 2147483647
  end
  return node.ids[hash % #node.ids + 1]
end

local handlers = logs.here()
local poll = handlers.poll

handlers.send = logs.pass(handlers.send, function(body) return owner(body.key) end)

-- A poll asks each owner for its logs.
function handlers.poll(msg)
  if not msg.src:find("^c") then
    return poll(msg)
  end
  local msgs = {}
  for key, offset in pairs(msg.body.offsets) do
    local reply = logs.ask(owner(key), { type = "poll", offsets = { [key] = offset } })
    msgs[key] = reply.msgs[key]
  end
  return { type = "poll_ok", msgs = msgs }
end

logs.serve(handlers)
