--- A counter in seq-kv: each node writes its own total to its own key. Before it reads others it
-- compares and sets its own total to what it is. That changes nothing, so it may be done in the
-- past, and is no barrier: what is read after it may be old.

local node = require "hearsay"

local KV = "seq-kv"
local TIMEOUT = 5 -- seconds

local total, written, is_writing = 0, nil, false

local function write_total()
  is_writing = true
  while written ~= total do
    local value = total
    if node.rpc(KV, { type = "write", key = node.id, value = value }, TIMEOUT) then
      written = value
    end
  end
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
  node.rpc(KV, { type = "cas", key = node.id, from = written or 0, to = written or 0,
    create_if_not_exists = true }, TIMEOUT)
  local sum = total
  for _, id in ipairs(node.peers) do
    local reply = node.rpc(KV, { type = "read", key = id }, TIMEOUT)
    sum = sum + (reply and reply.value or 0)
  end
  return { type = "read_ok", value = sum }
end)
