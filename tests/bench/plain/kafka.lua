-- Logs by key as one writes them in plain Lua, in tables.

package.path = arg[0]:gsub("[^/]*$", "?.lua")
local logs = {}
require("loop").run({
  send = function(msg)
    local log = logs[msg.body.key]
    if not log then
      log = {}
      logs[msg.body.key] = log
    end
    log[#log + 1] = msg.body.msg
    return { type = "send_ok", offset = #log - 1 }
  end,
  poll = function(msg)
    local msgs = {}
    for key, from in pairs(msg.body.offsets) do
      local log, list = logs[key] or {}, {}
      for offset = from, math.min(#log - 1, from + 99) do
        list[#list + 1] = { offset, log[offset + 1] }
      end
      msgs[key] = list
    end
    return { type = "poll_ok", msgs = msgs }
  end,
})
