--- Whether enough of the operations succeeded.
-- @module sim.checkers.availability

local availability = {}

--- Judges a history.
-- @tparam {operation,...} history
-- @tparam[opt] table options `availability`: "total" when every operation must be ok, a number from
--   0 to 1 for the least part that must be, nil when any will do
-- @treturn table the result: ok-fraction, ok operations by invoked ones (1.0 when there were none)
function availability.check(history, options)
  local least = options and options.availability
  if least == "total" then
    least = 1
  end
  local ok = 0
  for _, op in ipairs(history) do
    if op.outcome == "ok" then
      ok = ok + 1
    end
  end
  local fraction = #history == 0 and 1.0 or ok / #history
  return { ["valid?"] = least == nil or fraction >= least, ["ok-fraction"] = fraction }
end

return availability
