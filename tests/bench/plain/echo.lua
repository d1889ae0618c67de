-- Echo as one writes it in plain Lua.

package.path = arg[0]:gsub("[^/]*$", "?.lua")
require("loop").run({
  echo = function(msg) return { type = "echo_ok", echo = msg.body.echo } end,
})
