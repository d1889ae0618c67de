--- Registers that the first node has; the others ask it, with a number for each request, so that
-- one that comes twice is done once. A request that gets no answer may have been done: its client
-- is told nothing for sure.

local errors = require "hearsay.errors"
local node = require "hearsay"

local values = {}
local number = 0 -- of the last request of this node
local answers = {} -- requests that were done: node and number to {reply, err}

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
    if node.id == node.ids[1] then
      return operation(msg.body)
    end
    number = number + 1
    local reply, err = node.rpc(node.ids[1],
      { type = "ask", ask = name, body = msg.body, number = number }, 2)
    return reply and reply.reply or error(err, 0)
  end)
end

node.on("ask", { ask = "string", body = "object", number = "integer" }, function(msg)
  local id = ("%s %d"):format(msg.src, msg.body.number)
  if not answers[id] then
    answers[id] = { pcall(operations[msg.body.ask], msg.body.body) }
  end
  local is_done, reply = table.unpack(answers[id])
  if not is_done then
    error(reply, 0)
  end
  return { type = "ask_ok", reply = reply }
end)
