-- What luacheck holds the Lua code to. `make lint` runs it.
std = "lua54"
max_line_length = 100
codes = true

files["tests/**/*_spec.lua"] = { std = "+busted" }
