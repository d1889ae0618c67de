--- Multisets of small integers that are interned: equal ones are the same small integer.
--
-- To add to one or to take from it is a look-up, the first time a copy. `counts[id]` is the
-- content: item to how often it is there, items that are not there being nil; to be read only.
-- @module sim.checkers.multisets

local Multisets = {}
Multisets.__index = Multisets

local multisets = {}

--- The empty multiset.
multisets.EMPTY = 1

--- A place for multisets.
function multisets.new()
  return setmetatable({
    counts = { {} }, ids = { [""] = multisets.EMPTY }, more = { {} }, less = { {} },
  }, Multisets)
end

local function text_of(counts)
  local items = {}
  for item, count in pairs(counts) do
    for _ = 1, count do
      items[#items + 1] = item
    end
  end
  table.sort(items)
  return table.concat(items, " ")
end

local function change(self, id, item, by)
  local counts = {}
  for other, count in pairs(self.counts[id]) do
    counts[other] = count
  end
  local count = (counts[item] or 0) + by
  counts[item] = count > 0 and count or nil
  local text = text_of(counts)
  local changed = self.ids[text]
  if not changed then
    changed = #self.counts + 1
    self.ids[text], self.counts[changed] = changed, counts
    self.more[changed], self.less[changed] = {}, {}
  end
  return changed
end

--- A multiset with an item more.
-- @tparam integer id
-- @tparam integer item
-- @treturn integer its id
function Multisets:add(id, item)
  local more = self.more[id]
  local result = more[item] or change(self, id, item, 1)
  more[item] = result
  return result
end

--- A multiset with an item less; the item is there.
-- @tparam integer id
-- @tparam integer item
-- @treturn integer its id
function Multisets:remove(id, item)
  local less = self.less[id]
  local result = less[item] or change(self, id, item, -1)
  less[item] = result
  return result
end

--- Whether each item is in one multiset at least as often as in another.
-- @tparam integer part id of the other
-- @tparam integer whole id of the one
-- @treturn boolean
function Multisets:is_within(part, whole)
  if part == whole or part == multisets.EMPTY then
    return true
  end
  local counts = self.counts[whole]
  for item, count in pairs(self.counts[part]) do
    if count > (counts[item] or 0) then
      return false
    end
  end
  return true
end

return multisets
