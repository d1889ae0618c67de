--- Partitions, in the four shapes of Maelstrom's nemesis.
--
-- A grudge maps a receiver to the list of those it does not hear.
-- @module sim.nemesis.partition

local partition = {}

-- Both sides drop what comes from the other.
local function split(left, right)
  local grudge = {}
  for _, side in ipairs({ { left, right }, { right, left } }) do
    for _, id in ipairs(side[1]) do
      grudge[id] = side[2]
    end
  end
  return grudge
end

local function part(ids, first, last)
  return table.move(ids, first, last, 1, {})
end

local shapes = {}

--- One node alone.
function shapes.one(ids)
  return split(part(ids, 1, 1), part(ids, 2, #ids)), "one node alone"
end

--- Less than a third alone.
function shapes.minority_third(ids)
  local count = (#ids - 1) // 3
  return split(part(ids, 1, count), part(ids, count + 1, #ids)), "a minority third"
end

--- A majority and the rest.
function shapes.majority(ids)
  local count = #ids // 2 + 1
  return split(part(ids, 1, count), part(ids, count + 1, #ids)), "a majority and a minority"
end

--- Each node hears a majority that has it in the middle of a ring; no two hear the same one.
function shapes.majorities_ring(ids)
  local grudge, n = {}, #ids
  local reach = n // 2 + 1
  local before = (reach - 1) // 2
  for i = 1, n do
    local far = {}
    for step = reach - before, n - before - 1 do
      far[#far + 1] = ids[(i - 1 + step) % n + 1]
    end
    grudge[ids[i]] = far
  end
  return grudge, "a ring of majorities"
end

local names = { "one", "minority_third", "majority", "majorities_ring" }

--- A partition of a random shape among nodes in random order.
-- @tparam {string,...} ids node ids
-- @param random stream, see hearsay.random
-- @tparam[opt] string shape one, minority_third, majority or majorities_ring
-- @treturn table grudge
-- @treturn string what it is, for a person
function partition.draw(ids, random, shape)
  shape = shape or names[random:upto(#names)]
  return shapes[shape](random:shuffle(table.move(ids, 1, #ids, 1, {})))
end

--- Applies a grudge to a world.
function partition.apply(world, ids, grudge)
  for _, receiver in ipairs(ids) do
    for _, sender in ipairs(grudge[receiver] or {}) do
      world:cut(receiver, sender)
    end
  end
end

return partition
