--- lin-kv: a key-value store that does one request after the other.
-- @module sim.services.linearizable

local kv = require "sim.services.kv"

local Linearizable = {}
Linearizable.__index = Linearizable

local linearizable = {}

function linearizable.new()
  return setmetatable({ cells = {} }, Linearizable)
end

function Linearizable:handle(_, body)
  local request, refusal = kv.parse(body)
  if not request then
    return refusal
  end
  local reply, cell = kv.apply(request, self.cells[request.key])
  if cell then
    self.cells[request.key] = cell
  end
  return reply
end

return linearizable
