-- Handlers that sleep again and again.
local node = require "hearsay"

node.on("start", function(msg)
  for _ = 1, msg.body.times do
    node.sleep(1e-6)
  end
  return { type = "start_ok" }
end)

node.on("go", function() return { type = "go_ok" } end)
