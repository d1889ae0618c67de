--- Transactions that read the same version of a key and then wrote the key: of any two of them one
-- has not seen what the other did, and its update is lost.
-- @module sim.checkers.txn.rivals

local Rivals = {}
Rivals.__index = Rivals

local rivals = {}

--- Nothing read yet.
-- @treturn rivals
function rivals.new()
  return setmetatable({
    of = {}, -- by version: the transactions
    contested = {}, -- versions of more than one, in the order in which they were found
  }, Rivals)
end

--- Takes in an update.
-- @param version what a transaction read before it wrote the key
-- @param txn
function Rivals:add(version, txn)
  local list = self.of[version] or {}
  self.of[version] = list
  list[#list + 1] = txn
  if #list == 2 then
    self.contested[#self.contested + 1] = version
  end
end

--- Adds a lost-update for each contested version.
-- @tparam found found
function Rivals:report(found)
  for _, version in ipairs(self.contested) do
    found:add("lost-update", { version = version, txns = self.of[version] })
  end
end

return rivals
