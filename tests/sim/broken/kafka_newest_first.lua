--- Broken: a poll returns the newest entry first.

local json = require "hearsay.json"
local logs = require "kafka_logs"

local handlers = logs.here()
local poll = handlers.poll

function handlers.poll(msg)
  local reply = poll(msg)
  for key, list in pairs(reply.msgs) do
    local turned = json.array()
    for i, entry in ipairs(list) do
      turned[#list + 1 - i] = entry
    end
    reply.msgs[key] = turned
  end
  return reply
end

logs.serve(handlers)
