--- Broken: instead of what consumers have committed, the end of the log is listed.

local logs = require "kafka_logs"

local handlers = logs.here()

function handlers.list_committed_offsets(msg)
  local offsets = {}
  for _, key in ipairs(msg.body.keys) do
    local log = logs.of(key)
    offsets[key] = log[#log] and log[#log][1] + 1
  end
  return { type = "list_committed_offsets_ok", offsets = offsets }
end

logs.serve(handlers)
