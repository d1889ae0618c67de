--- Anomalies as they are found: how many there are of each name, and the first cases of each.
-- @module sim.checkers.txn.found

local LISTED = 8 -- cases of a name that are kept

local Found = {}
Found.__index = Found

local found = {}

--- Nothing found yet.
-- @treturn found with `count`, by name, and `cases`, by name: lists of at most 8
function found.new()
  return setmetatable({ count = {}, cases = {} }, Found)
end

--- Adds a case.
-- @tparam string name of the anomaly
-- @tparam table case what sim.checkers.txn.explain needs to describe it
function Found:add(name, case)
  self.count[name] = (self.count[name] or 0) + 1
  local cases = self.cases[name] or {}
  self.cases[name] = cases
  if #cases < LISTED then
    cases[#cases + 1] = case
  end
end

return found
