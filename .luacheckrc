-- What luacheck holds the Lua code to. `make lint` runs it.
std = "lua54"
max_line_length = 100
codes = true

-- Definitions for the editor, which make docs writes: they are never run.
exclude_files = { "lua/types/**" }

files["tests/**/*_spec.lua"] = { std = "+busted" }
