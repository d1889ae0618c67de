-- hearsay itself needs a node, so its specs are small scripts that run as one.
--
--     local node_lab = dofile("tests/lua/node_lab.lua")
--     local nodes = node_lab.start("node.on(..)", { nodes = 2 })
--     local reply, err = node_lab.answer("node.on(\"go\", ..)")

local lab = require "hearsay.testing"

local node_lab = {}

-- Starts nodes that run a script with `node` and `errors` at hand; options as of hearsay.testing.
function node_lab.start(script, options)
  return lab.start('local node = require "hearsay"\n'
    .. 'local errors = require "hearsay.errors" -- luacheck: ignore\n' .. script, options)
end

-- Why a script, from its second line on, does not load.
function node_lab.load_error(script)
  local cluster, message = lab.load('local node = require "hearsay"\n' .. script,
    { nodes = { "n0" } })
  assert(cluster == nil, "the script loads")
  return message
end

-- What a handler makes of a request of its type, `{type = "go"}` by default.
function node_lab.answer(script, body, options)
  return node_lab.start(script, options):ask("n0", body or { type = "go" })
end

return node_lab
