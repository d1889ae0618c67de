-- Asks another node for each question.
local node = require "hearsay"

node.on("ask", function(msg)
  local body = assert(node.rpc("n1", { type = "get", key = msg.body.key }))
  return { type = "ask_ok", value = body.value }
end)
