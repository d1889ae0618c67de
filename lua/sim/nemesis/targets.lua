--- Which nodes a fault strikes: a group of a random size among nodes in random order. The sizes are
-- those of Jepsen's nemesis, but at least one node.
-- @module sim.nemesis.targets

local targets = {}

local sizes = {
  { "one node", function() return 1 end },
  { "a minority third", function(n) return (n - 1) // 3 end },
  { "a minority", function(n) return n // 2 end },
  { "a majority", function(n) return n // 2 + 1 end },
  { "all nodes", function(n) return n end },
  { "some nodes", function(n, random) return random:upto(n) end },
}

--- Draws a group.
-- @tparam {string,...} ids node ids
-- @param random stream, see hearsay.random
-- @treturn {string,...} at least one of them
-- @treturn string what the group is, for a person: its size, and who is in a small one
function targets.draw(ids, random)
  local name, size = table.unpack(sizes[random:upto(#sizes)])
  local shuffled = random:shuffle(table.move(ids, 1, #ids, 1, {}))
  local group = table.move(shuffled, 1, math.max(1, size(#ids, random)), 1, {})
  if #group <= 3 then
    name = table.concat(group, ", ")
  end
  return group, name
end

return targets
