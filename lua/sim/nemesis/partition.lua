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
  return split(part(ids, 1, 1), part(ids, 2, #ids)), ids[1] .. " alone"
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

-- Calls a method of the world for each pair of a grudge, in a fixed order.
local function each_pair(cluster, grudge, method)
  for _, receiver in ipairs(cluster.nodes) do
    for _, sender in ipairs(grudge[receiver] or {}) do
      cluster.world[method](cluster.world, receiver, sender)
    end
  end
end

--- Applies a grudge to a cluster.
-- @treturn function that takes it back
function partition.apply(cluster, grudge)
  each_pair(cluster, grudge, "cut")
  return function()
    each_pair(cluster, grudge, "mend")
  end
end

--- The fault `partition`; see sim.nemesis.
function partition.begin(cluster, random)
  local grudge, text = partition.draw(cluster.nodes, random)
  return text, partition.apply(cluster, grudge)
end

return partition
