--- lin-tso: a timestamp oracle. `ts` -> `ts_ok {ts}`: 0, 1, 2, .., each once.
-- @module sim.services.oracle

local errors = require "hearsay.errors"
local value = require "sim.checkers.value"

local Oracle = {}
Oracle.__index = Oracle

local oracle = {}

function oracle.new()
  return setmetatable({ next_ts = 0 }, Oracle)
end

function Oracle:handle(_, body)
  if body.type ~= "ts" then
    return errors.body(errors.new("not_supported",
      ("a timestamp oracle has ts, not %s"):format(value.text(body.type))))
  end
  local ts = self.next_ts
  self.next_ts = ts + 1
  return { type = "ts_ok", ts = ts }
end

return oracle
