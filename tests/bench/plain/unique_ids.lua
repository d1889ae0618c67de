-- Ids of a node and a count, as one writes them in plain Lua.

package.path = arg[0]:gsub("[^/]*$", "?.lua")
local loop = require "loop"
local count = 0
loop.run({
  generate = function()
    count = count + 1
    return { type = "generate_ok", id = loop.id .. "-" .. count }
  end,
})
