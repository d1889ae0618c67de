--- Writes go to the service lin-kv, but a read is answered with what this node knows of the key, if
-- it knows anything: what others write since is not seen.

local errors = require "hearsay.errors"
local node = require "hearsay"

local known = {}

local function ask(body)
  local reply, err = node.rpc("lin-kv", body, 5)
  return reply or error(err, 0)
end

node.on("read", function(msg)
  local key = msg.body.key
  if known[key] == nil then
    known[key] = ask({ type = "read", key = key }).value
  end
  return { type = "read_ok", value = known[key] }
end)

node.on("write", function(msg)
  local key, value = msg.body.key, msg.body.value
  ask({ type = "write", key = key, value = value })
  known[key] = value
  return { type = "write_ok" }
end)

node.on("cas", function(msg)
  local key, from, to = msg.body.key, msg.body.from, msg.body.to
  local reply, err = node.rpc("lin-kv", { type = "cas", key = key, from = from, to = to }, 5)
  if not reply then
    known[key] = nil
    error(err or errors.new("crash"), 0)
  end
  known[key] = to
  return { type = "cas_ok" }
end)
