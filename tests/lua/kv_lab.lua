-- Nodes that use the stores of hearsay.kv as a test tells them.
--
--     local kv_lab = dofile("tests/lua/kv_lab.lua")
--     local nodes = kv_lab.start({ nodes = 2 })
--     assert(nodes:call("n0", "lin", "write", "k", 1))

local json = require "hearsay.json"
local testing = require "hearsay.testing"

local kv_lab = {}

-- Options as of hearsay.testing.
function kv_lab.start(options)
  local nodes = testing.start("tests/lua/fixtures/kv.lua", options)
  function nodes:call(id, store, method, ...)
    local reply, err = self:ask(id, { type = "call", store = store, method = method,
      args = json.array({ ... }) }, 20)
    assert(reply, tostring(err))
    return reply.value, reply.error
  end
  return nodes
end

-- Sends all nodes requests at the same time, waits until all are answered: their replies.
function kv_lab.ask_all(nodes, bodies, limit)
  local replies, open = {}, #bodies
  for i, body in ipairs(bodies) do
    local client = nodes.cluster:client()
    client:request(nodes.ids[(i - 1) % #nodes.ids + 1], body, limit or 60, function(reply, err)
      replies[i] = assert(reply, tostring(err))
      open = open - 1
      if open == 0 then nodes.world:stop() end
    end)
  end
  nodes:run(limit or 60)
  return replies
end

-- The same request so many times.
function kv_lab.times(n, body)
  local bodies = {}
  for i = 1, n do
    bodies[i] = body
  end
  return bodies
end

return kv_lab
