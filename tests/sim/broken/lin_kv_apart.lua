--- Each node has registers of its own.

local errors = require "hearsay.errors"
local node = require "hearsay"

local values = {}

local function get(key)
  return values[key] == nil and error(errors.new("key_does_not_exist"), 0) or values[key]
end

node.on("read", function(msg)
  return { type = "read_ok", value = get(msg.body.key) }
end)

node.on("write", function(msg)
  values[msg.body.key] = msg.body.value
  return { type = "write_ok" }
end)

node.on("cas", function(msg)
  if get(msg.body.key) ~= msg.body.from then
    error(errors.new("precondition_failed"), 0)
  end
  values[msg.body.key] = msg.body.to
  return { type = "cas_ok" }
end)
