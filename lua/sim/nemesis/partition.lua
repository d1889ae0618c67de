--- Partitions, in the four shapes of Maelstrom's nemesis, which are Jepsen's.
--
-- A grudge maps a receiver to the list of those it does not hear. Among few nodes a shape may cut
-- nobody, as it does there: less than a third of three nodes is none.
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

--- Two halves; where the number is odd, one more in the second.
function shapes.majority(ids)
  local count = #ids // 2
  local grudge = split(part(ids, 1, count), part(ids, count + 1, #ids))
  return grudge, #ids % 2 == 0 and "two halves" or "a majority and a minority"
end

-- A ring in which each node hears as many as a majority takes, with itself in the middle.
local function ring(ids, majority)
  local grudge, n = {}, #ids
  local before = (majority - 1) // 2
  for i = 1, n do
    local far = {}
    for step = majority - before, n - before - 1 do
      far[#far + 1] = ids[(i - 1 + step) % n + 1]
    end
    grudge[ids[i]] = far
  end
  return grudge
end

-- Links, both ways, between nodes that have least of them, until each hears a majority. `linked[i]`
-- has the places of those that the i-th node hears, itself among them.
local function link(n, majority, random)
  local linked, degree, order = {}, {}, {}
  for i = 1, n do
    linked[i], degree[i], order[i] = { [i] = true }, 1, i
  end
  -- The node of the least degree that is not linked with node a; the first of a new random order.
  local function least_linked(a)
    local best
    for _, i in ipairs(random:shuffle(order)) do
      if not (a and linked[a][i]) and (not best or degree[i] < degree[best]) then
        best = i
      end
    end
    return best
  end
  local a = least_linked()
  while degree[a] < majority do
    local b = least_linked(a)
    linked[a][b], linked[b][a] = true, true
    degree[a], degree[b] = degree[a] + 1, degree[b] + 1
    a = least_linked()
  end
  return linked
end

--- Each node hears a majority, and seldom two the same: up to five nodes in a ring, each in the
-- middle of those it hears; more of them by random links.
function shapes.majorities_ring(ids, random)
  local n, majority = #ids, #ids // 2 + 1
  if n <= 5 then
    return ring(ids, majority), "a ring of majorities"
  end
  local linked, grudge = link(n, majority, random), {}
  for i, id in ipairs(ids) do
    grudge[id] = {}
    for j, other in ipairs(ids) do
      if not linked[i][j] then
        table.insert(grudge[id], other)
      end
    end
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
  return shapes[shape](random:shuffle(table.move(ids, 1, #ids, 1, {})), random)
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

--- The fault `partition`; see sim.nemesis.faults. Returns nil when it cuts nobody.
function partition.begin(cluster, random)
  local grudge, text = partition.draw(cluster.nodes, random)
  for _, id in ipairs(cluster.nodes) do
    if grudge[id] and grudge[id][1] then
      return text, partition.apply(cluster, grudge), nil, grudge
    end
  end
end

return partition
