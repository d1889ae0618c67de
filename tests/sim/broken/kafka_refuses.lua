--- Broken: now and then a send is refused as impossible at present, after the entry was stored.

local errors = require "hearsay.errors"
local logs = require "kafka_logs"
local node = require "hearsay"

local handlers = logs.here()
local send = handlers.send

function handlers.send(msg)
  local reply = send(msg)
  if node.random(50) == 1 then
    error(errors.new("temporarily_unavailable"), 0)
  end
  return reply
end

logs.serve(handlers)
