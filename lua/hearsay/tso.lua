--- Timestamps from lin-tso, the service that counts: 0, 1, 2, .., each given once.
--
--     local tso = require "hearsay.tso"
--
--     local ts, err = tso.next()
--
-- The oracle is linearizable: a timestamp is greater than all that were given before it was asked
-- for, at any node. So events whose requests do not overlap are numbered in the order in which they
-- happened; a Lamport clock (hearsay.clock.lamport) orders only what messages connect, but costs no
-- message and needs nobody. Each timestamp costs two messages and a round trip, and there is none
-- while the oracle cannot be reached.
-- @module hearsay.tso

local brief = require "hearsay.brief"
local errors = require "hearsay.errors"
local node = require "hearsay"

local tso = {}

--- The next timestamp. Waits for a round trip, so call from a handler or a coroutine of node.spawn.
--
-- After a time-out one may have been given that nobody has, and asking again does no harm: whoever
-- takes timestamps must not count on there being no gaps.
-- @tparam[opt=1] number timeout seconds
-- @treturn[1] integer
-- @treturn[2] nil
-- @treturn[2] err
function tso.next(timeout)
  local reply, err = node.rpc("lin-tso", { type = "ts" }, timeout)
  if not reply then
    return nil, err
  elseif reply.type ~= "ts_ok" or math.type(reply.ts) ~= "integer" then
    return nil, errors.new("crash", "lin-tso: expected ts_ok with an integer ts, got "
      .. brief(reply))
  end
  return reply.ts
end

return tso
