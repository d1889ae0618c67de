-- A service by itself, and requests to it as a node would send them.
--
--     local service_lab = dofile("tests/lua/service_lab.lua")
--     local kv = service_lab.new("seq-kv")
--     service_lab.write(kv, "n1", "x", 1)

local assert = require "luassert"
local randoms = require "hearsay.random"
local services = require "sim.services"

local service_lab = {}

function service_lab.new(name, seed)
  return services.new(name, randoms.stream(seed or 1, "service " .. name))
end

function service_lab.write(kv, src, key, value)
  local reply = kv:handle(src, { type = "write", key = key, value = value })
  assert.same({ type = "write_ok" }, reply)
end

-- The value, or the code of the error.
function service_lab.read(kv, src, key)
  local reply = kv:handle(src, { type = "read", key = key })
  assert(reply.type == "read_ok" or reply.type == "error")
  return reply.value, reply.code
end

function service_lab.cas(kv, src, key, from, to, create)
  local reply = kv:handle(src,
    { type = "cas", key = key, from = from, to = to, create_if_not_exists = create })
  assert(reply.type == "cas_ok" or reply.type == "error")
  return reply.code or "ok"
end

return service_lab
