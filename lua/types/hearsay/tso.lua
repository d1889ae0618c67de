---@meta hearsay.tso
-- Written by `make docs`.

---Timestamps from lin-tso, the service that counts: 0, 1, 2, .., each given once.
---
---    local tso = require "hearsay.tso"
---
---    local ts, err = tso.next()
---
---The oracle is linearizable: a timestamp is greater than all that were given before it was asked
---for, at any node. So events whose requests do not overlap are numbered in the order in which they
---happened; a Lamport clock (hearsay.clock.lamport) orders only what messages connect, but costs no
---message and needs nobody. Each timestamp costs two messages and a round trip, and there is none
---while the oracle cannot be reached.
---@class hearsay.tso
local tso = {}

---The next timestamp. Waits for a round trip, so call from a handler or a coroutine of node.spawn.
---
---After a time-out one may have been given that nobody has, and asking again does no harm: whoever
---takes timestamps must not count on there being no gaps.
---@param timeout? number (default 1) seconds
---@return integer|nil
---@return hearsay.errors.err|nil
function tso.next(timeout) end

return tso
