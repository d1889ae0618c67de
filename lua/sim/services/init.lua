--- Services: what Maelstrom offers to nodes beside each other, under fixed node ids.
--
--   lin-kv    a linearizable key-value store
--   seq-kv    a sequentially consistent one: what it says may be old
--   lww-kv    two replicas that merge now and then, the last write wins: what it was told may
--             vanish
--   lin-tso   a timestamp oracle: 0, 1, 2, ..
--
-- A service is an object with `handle(src, body)`: it takes a request of a node and returns the
-- reply's body, without in_reply_to. Bodies are taken and given as they are, not copied: whoever
-- has one leaves it alone. What a service leaves to chance comes from the stream it was made with.
--
-- An unknown type gets error 10, a request that lacks what its type needs 12.
-- @module sim.services

local randoms = require "hearsay.random"

local services = {}

--- The node ids of all services.
services.names = { "lin-kv", "seq-kv", "lww-kv", "lin-tso" }

local modules = {
  ["lin-kv"] = "sim.services.linearizable",
  ["seq-kv"] = "sim.services.sequential",
  ["lww-kv"] = "sim.services.eventual",
  ["lin-tso"] = "sim.services.oracle",
}

--- Makes a service.
-- @tparam string name one of services.names
-- @param random stream of random numbers, see hearsay.random
-- @return the service
function services.new(name, random)
  local module = modules[name]
    or error(("services.new: there is no service %q"):format(tostring(name)), 2)
  return require(module).new(random)
end

--- Adds all services to a world.
-- @tparam world world
-- @tparam integer seed of their random streams, one for each
function services.add_all(world, seed)
  for _, name in ipairs(services.names) do
    local service = services.new(name, randoms.stream(seed, "service " .. name))
    world:add(name, "service", function(body, src)
      local reply = service:handle(src, body)
      reply.in_reply_to = body.msg_id
      world:send(name, src, reply)
    end)
  end
end

return services
