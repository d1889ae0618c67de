--- A set that is a list: what comes again by another way is in it again.

local json = require "hearsay.json"
local node = require "hearsay"

local elements = json.array()

local function take(element, hops)
  elements[#elements + 1] = element
  if hops > 0 then
    for _, peer in ipairs(node.peers) do
      node.send(peer, { type = "pass_on", element = element, hops = hops - 1 })
    end
  end
end

node.on("add", { element = "any" }, function(msg)
  take(msg.body.element, 2)
  return { type = "add_ok" }
end)

node.on("pass_on", { element = "any", hops = "integer" }, function(msg)
  take(msg.body.element, msg.body.hops)
end)

node.on("read", function()
  return { type = "read_ok", value = elements }
end)
