-- Asks another node for each question, as one writes it in plain Lua.

package.path = arg[0]:gsub("[^/]*$", "?.lua")
local loop = require "loop"
loop.run({
  ask = function(msg)
    loop.request("n1", { type = "get", key = msg.body.key }, function(body)
      loop.reply(msg, { type = "ask_ok", value = body.value })
    end)
  end,
})
