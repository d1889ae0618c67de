--- A counter in seq-kv: each node writes its own total to its own key, one write at a time. Before
-- it reads the others it writes what nobody wrote before, which brings it up to the newest state.

local node = require "hearsay"

local KV = "seq-kv"
local TIMEOUT = 2

local total, is_writing, fences = 0, false, 0

-- A request that is repeated until it is answered. A write of the same once more does no harm.
local function ask(body)
  while true do
    local reply, err = node.rpc(KV, body, TIMEOUT)
    if reply or err.name ~= "timeout" then
      return reply, err
    end
  end
end

local function write_total()
  is_writing = true
  local written
  repeat
    written = total
    ask({ type = "write", key = "total " .. node.id, value = written })
  until written == total
  is_writing = false
end

node.on("add", { delta = "integer" }, function(msg)
  total = total + msg.body.delta
  if not is_writing then
    node.spawn(write_total)
  end
  return { type = "add_ok" }
end)

node.on("read", function()
  fences = fences + 1
  ask({ type = "write", key = "fence " .. node.id, value = fences })
  local sum = total
  for _, id in ipairs(node.peers) do
    local reply = ask({ type = "read", key = "total " .. id })
    sum = sum + (reply and reply.value or 0)
  end
  return { type = "read_ok", value = sum }
end)
