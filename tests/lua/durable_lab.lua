-- A node with logs on disk, and what the specs of durable logs do with it.
--
--     local durable_lab = dofile("tests/lua/durable_lab.lua")
--     local nodes = durable_lab.start({ sync_time = 50 })
--     durable_lab.ask(nodes, "append", { key = "k", value = 1 })

local json = require "hearsay.json"
local testing = require "hearsay.testing"

local durable_lab = {
  NAME = "test.log", -- of the log's files: the mark, and its first segment
  FIRST = "test.log+1",
}

-- One node; options as of hearsay.testing.
function durable_lab.start(options)
  return testing.start("tests/lua/fixtures/durable.lua", options)
end

local function body_of(type, fields)
  local body = { type = type }
  for key, value in pairs(fields or {}) do
    body[key] = value
  end
  return body
end

-- The reply to a request of this type.
function durable_lab.ask(nodes, type, fields)
  return assert(nodes:ask("n0", body_of(type, fields)))
end

-- A request whose reply is noted when it comes: {reply, at (seconds)}.
function durable_lab.send(nodes, type, fields)
  local answer = {}
  nodes.cluster:client():request("n0", body_of(type, fields), 10, function(reply, err)
    answer.reply, answer.err, answer.at = reply, err, nodes:now()
  end)
  return answer
end

local function text_of(order, keys, committed)
  local parts = {}
  for i, key in ipairs(order) do
    parts[i] = ("%q %s %s"):format(key, json.encode(keys[key]), committed[key])
  end
  return table.concat(parts, "\n")
end

-- All that logs have, as text: each key's entries and committed offset, in byte order.
function durable_lab.content(l)
  local keys, committed = {}, {}
  for _, key in ipairs(l:keys()) do
    keys[key], committed[key] = json.decode(tostring((l:read(key)))), l:committed(key)
  end
  return text_of(l:keys(), keys, committed)
end

-- The same of the node's logs.
function durable_lab.content_of(nodes)
  local reply = durable_lab.ask(nodes, "read")
  return text_of(reply.order, reply.keys, reply.committed)
end

return durable_lab
