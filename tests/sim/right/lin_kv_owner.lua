--- Registers that the first node has; the others ask it. A request that gets no answer may have
-- been done, so its client is told nothing for sure.

local errors = require "hearsay.errors"
local node = require "hearsay"

local values = {}

local function owner()
  return node.ids[1]
end

local operations = {}

function operations.read(body)
  if values[body.key] == nil then
    error(errors.new("key_does_not_exist"), 0)
  end
  return { type = "read_ok", value = values[body.key] }
end

function operations.write(body)
  values[body.key] = body.value
  return { type = "write_ok" }
end

function operations.cas(body)
  if operations.read(body).value ~= body.from then
    error(errors.new("precondition_failed"), 0)
  end
  values[body.key] = body.to
  return { type = "cas_ok" }
end

for name, operation in pairs(operations) do
  node.on(name, function(msg)
    if node.id == owner() then
      return operation(msg.body)
    end
    local reply, err = node.rpc(owner(), { type = "ask", ask = name, body = msg.body }, 2)
    return reply and reply.reply or error(err, 0)
  end)
end

node.on("ask", { ask = "string", body = "object" }, function(msg)
  return { type = "ask_ok", reply = operations[msg.body.ask](msg.body.body) }
end)
