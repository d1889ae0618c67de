--- 64-bit ids that pass through a number type with 53 bits of mantissa, as in languages that have
-- no other for JSON: the last bits are gone, and with them what tells two ids apart.

local ids = require "hearsay.ids"
local node = require "hearsay"

node.on("generate", function()
  return { type = "generate_ok", id = math.tointeger(ids.flake() + 0.0) }
end)
