--- A set as one value in lin-kv that is read, added to and written: of two adds at once one is
-- lost.

local json = require "hearsay.json"
local node = require "hearsay"

local function ask(body)
  local reply, err = node.rpc("lin-kv", body, 5)
  if not reply and err.name ~= "key_does_not_exist" then
    error(err, 0)
  end
  return reply
end

local function get()
  local reply = ask({ type = "read", key = "set" })
  return reply and reply.value or json.array()
end

node.on("add", { element = "any" }, function(msg)
  local elements = get()
  elements[#elements + 1] = msg.body.element
  ask({ type = "write", key = "set", value = elements })
  return { type = "add_ok" }
end)

node.on("read", function()
  return { type = "read_ok", value = get() }
end)
