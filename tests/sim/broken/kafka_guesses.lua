--- Broken: a poll also shows what the node takes for the next message, since messages of a log have
-- been 1, 2, 3, .. so far.

local json = require "hearsay.json"
local logs = require "kafka_logs"
local node = require "hearsay"

local handlers = logs.here()
local poll = handlers.poll

function handlers.poll(msg)
  local reply = poll(msg)
  for _, list in pairs(reply.msgs) do
    local last = list[#list]
    if last and node.random(20) == 1 then
      list[#list + 1] = json.array({ last[1] + 1, last[2] + 1 })
    end
  end
  return reply
end

logs.serve(handlers)
