--- Who talks to whom: overlay networks as plain tables.
--
-- A topology maps each node id to the list of its neighbours, as Maelstrom's
-- topology message does. All are symmetric, and neighbours stand in the order
-- of the list of ids, so that every node that computes one gets the same.
--
--     name           edges             most hops       neighbours (n nodes)
--     line           n - 1             n - 1           2
--     ring           n                 n / 2           2
--     grid           about 2n          2 sqrt(n)       4
--     tree k         n - 1             2 log_k(n)      k + 1
--     star           n - 1             2               n - 1 at the hub
--     hypercube      n log2(n) / 2     log2(n)         log2(n)
--     random regular n d / 2           about log_d(n)  d
--     total          n (n - 1) / 2     1               n - 1
--
-- Flooding costs two messages an edge less one a node, so trees send fewest
-- and the others survive lost links.
-- @module hearsay.topology

local sorted = require "hearsay.sorted"

local topology = {}

-- Calls from a public function that its caller called: errors name that line.
local CALLER = 3

local function check_ids(where, ids)
  if type(ids) ~= "table" then
    error(string.format("topology.%s: expected a list of node ids, got %s",
      where, type(ids)), CALLER)
  end
  local seen = {}
  for i, id in ipairs(ids) do
    if type(id) ~= "string" then
      error(string.format("topology.%s: node id %d must be a string, got %s",
        where, i, type(id)), CALLER)
    elseif seen[id] then
      error(string.format("topology.%s: node id %q is there twice", where, id), CALLER)
    end
    seen[id] = true
  end
end

local function check_integer(where, what, value, low)
  local integer = type(value) == "number" and math.tointeger(value)
  if not integer or integer < low then
    error(string.format("topology.%s: %s must be an integer from %d on, got %s",
      where, what, low, tostring(value)), CALLER)
  end
  return integer
end

-- Builds the table from a function that calls link(i, j) for each edge, by
-- position. Linking twice is linking once; a node is never its own neighbour.
local function from_edges(ids, each_edge)
  local rows = {}
  for i = 1, #ids do
    rows[i] = {}
  end
  each_edge(function(i, j)
    if i ~= j then
      rows[i][j] = true
      rows[j][i] = true
    end
  end)
  local result = {}
  for i, id in ipairs(ids) do
    local positions = sorted.keys(rows[i])
    for at, j in ipairs(positions) do
      positions[at] = ids[j]
    end
    result[id] = positions
  end
  return result
end

--- Each node knows the one before and the one after it.
-- @tparam {string,...} ids node ids
-- @treturn table id to list of neighbour ids
function topology.line(ids)
  check_ids("line", ids)
  return from_edges(ids, function(link)
    for i = 2, #ids do
      link(i - 1, i)
    end
  end)
end

--- A line whose ends meet.
-- @tparam {string,...} ids node ids
-- @treturn table id to list of neighbour ids
function topology.ring(ids)
  check_ids("ring", ids)
  return from_edges(ids, function(link)
    for i = 1, #ids do
      link(i, i % #ids + 1)
    end
  end)
end

--- A square as Maelstrom lays it out: sides of ceil(sqrt(n)), rows filled in order.
-- @tparam {string,...} ids node ids
-- @treturn table id to list of neighbour ids
function topology.grid(ids)
  check_ids("grid", ids)
  local side = math.ceil(math.sqrt(#ids))
  return from_edges(ids, function(link)
    for i = 1, #ids do
      if i % side ~= 0 and i < #ids then
        link(i, i + 1)
      end
      if i + side <= #ids then
        link(i, i + side)
      end
    end
  end)
end

--- A tree with the first id as the root: children of position i are k(i-1)+2 .. ki+1.
-- @tparam {string,...} ids node ids
-- @tparam[opt=2] integer k children a node has at most
-- @treturn table id to list of neighbour ids
function topology.tree(ids, k)
  check_ids("tree", ids)
  local arity = check_integer("tree", "the number of children", k or 2, 1)
  return from_edges(ids, function(link)
    for i = 2, #ids do
      link(i, (i - 2) // arity + 1)
    end
  end)
end

--- Everybody knows the hub, and the hub everybody.
-- @tparam {string,...} ids node ids
-- @tparam[opt] string hub its id, by default the first
-- @treturn table id to list of neighbour ids
function topology.star(ids, hub)
  check_ids("star", ids)
  local center = hub == nil and 1 or nil
  for i, id in ipairs(ids) do
    if id == hub then
      center = i
    end
  end
  if not center then
    error("topology.star: the hub must be one of the node ids, got " .. tostring(hub), 2)
  end
  return from_edges(ids, function(link)
    for i = 1, #ids do
      link(center, i)
    end
  end)
end

--- Everybody knows everybody.
-- @tparam {string,...} ids node ids
-- @treturn table id to list of neighbour ids
function topology.total(ids)
  check_ids("total", ids)
  return from_edges(ids, function(link)
    for i = 1, #ids do
      for j = i + 1, #ids do
        link(i, j)
      end
    end
  end)
end

--- Positions, counted from 0, that differ in one bit know each other.
-- Where n is not a power of two it is the part of the cube that is there, which is connected:
-- clearing a bit always leads to a node that exists.
-- @tparam {string,...} ids node ids
-- @treturn table id to list of neighbour ids
function topology.hypercube(ids)
  check_ids("hypercube", ids)
  return from_edges(ids, function(link)
    for i = 0, #ids - 1 do
      local bit = 1
      while bit < #ids do
        if i ~ bit < #ids then
          link(i + 1, (i ~ bit) + 1)
        end
        bit = bit << 1
      end
    end
  end)
end

-- Whether one can walk from `from` to `to`.
local function reaches(rows, from, to)
  local seen, queue, head = { [from] = true }, { from }, 1
  while queue[head] do
    local i = queue[head]
    head = head + 1
    if i == to then
      return true
    end
    for j in pairs(rows[i]) do -- in any order: only whether counts
      if not seen[j] then
        seen[j] = true
        queue[#queue + 1] = j
      end
    end
  end
  return false
end

--- A random connected graph in which each node has the same number of neighbours.
--
-- Starts from the ring in which each knows its nearest and then swaps the ends of random pairs of
-- edges: a-b, c-d becomes a-d, c-b. A swap keeps all degrees; one that would double an edge or cut
-- the graph is not made (after a swap the graph is whole if and only if a still reaches b).
-- Costs O(edges x edges) at worst: meant for hundreds of nodes.
-- @tparam {string,...} ids node ids
-- @tparam integer degree neighbours of each node: at least 2 where n > 2, below n, and degree
--   times n must be even
-- @tparam function random called without arguments gives a float in [0, 1); the same numbers give
--   the same graph
-- @treturn table id to list of neighbour ids
function topology.random_regular(ids, degree, random)
  check_ids("random_regular", ids)
  local n = #ids
  local d = check_integer("random_regular", "the degree", degree, math.max(0, math.min(2, n - 1)))
  if type(random) ~= "function" then
    error("topology.random_regular: expected a random function, got " .. type(random), 2)
  elseif d >= n then
    error(string.format(
      "topology.random_regular: the degree must be below the number of nodes, %d, got %d", n, d), 2)
  elseif d * n % 2 == 1 then
    error(string.format(
      "topology.random_regular: degree times nodes must be even, got %d x %d", d, n), 2)
  end

  local rows, edges = {}, {}
  for i = 1, n do
    rows[i] = {}
  end
  local function link(i, j)
    rows[i][j], rows[j][i] = true, true
  end
  local function cut(i, j)
    rows[i][j], rows[j][i] = nil, nil
  end
  for distance = 1, n // 2 do
    local opposite = 2 * distance == n
    if distance <= d // 2 or (opposite and d % 2 == 1) then
      for i = 1, opposite and n // 2 or n do
        local j = (i - 1 + distance) % n + 1
        link(i, j)
        edges[#edges + 1] = { i, j }
      end
    end
  end

  for _ = 1, 3 * #edges do
    local first = edges[math.floor(random() * #edges) + 1]
    local second = edges[math.floor(random() * #edges) + 1]
    local a, b, c, e = first[1], first[2], second[1], second[2]
    if random() < 0.5 then
      c, e = e, c
    end
    if a ~= c and a ~= e and b ~= c and b ~= e and not rows[a][e] and not rows[c][b] then
      cut(a, b)
      cut(c, e)
      link(a, e)
      link(c, b)
      if reaches(rows, a, b) then
        first[1], first[2], second[1], second[2] = a, e, c, b
      else
        cut(a, e)
        cut(c, b)
        link(a, b)
        link(c, e)
      end
    end
  end

  return from_edges(ids, function(connect)
    for _, edge in ipairs(edges) do
      connect(edge[1], edge[2])
    end
  end)
end

local builders = {
  line = topology.line,
  grid = topology.grid,
  ring = topology.ring,
  tree = topology.tree,
  tree2 = function(ids) return topology.tree(ids, 2) end,
  tree3 = function(ids) return topology.tree(ids, 3) end,
  tree4 = function(ids) return topology.tree(ids, 4) end,
  star = topology.star,
  total = topology.total,
  hypercube = topology.hypercube,
}

--- The names that topology.build knows.
topology.names = {
  "line", "grid", "ring", "tree", "tree2", "tree3", "tree4", "star", "total", "hypercube",
}

--- Builds a topology by its name.
-- @tparam string name one of topology.names
-- @tparam {string,...} ids node ids
-- @param ... what that topology takes besides: the hub of a star, the k of a tree
-- @treturn table id to list of neighbour ids
function topology.build(name, ids, ...)
  local builder = builders[name]
  if not builder then
    error(string.format("topology.build: unknown topology %s; known are %s",
      type(name) == "string" and string.format("%q", name) or tostring(name),
      table.concat(topology.names, ", ")), 2)
  end
  check_ids("build", ids)
  return builder(ids, ...)
end

--- The neighbours that a topology message names for a node.
-- Whatever the message looks like, this is a list: of strings, without the node itself.
-- @tparam table message the message, its body, or the topology in it
-- @tparam string id a node id
-- @treturn {string,...} neighbour ids, a new table
function topology.neighbors(message, id)
  local list = message
  for _, field in ipairs({ "body", "topology" }) do
    if type(list) == "table" and type(list[field]) == "table" then
      list = list[field]
    end
  end
  list = type(list) == "table" and list[id] or nil
  local result = {}
  if type(list) == "table" then
    for _, neighbor in ipairs(list) do
      if type(neighbor) == "string" and neighbor ~= id then
        result[#result + 1] = neighbor
      end
    end
  end
  return result
end

local function check_topology(where, graph)
  if type(graph) ~= "table" then
    error(string.format("topology.%s: expected a topology, got %s", where, type(graph)), CALLER)
  end
end

local function distances(graph, from)
  local hops, queue, head = { [from] = 0 }, { from }, 1
  while queue[head] do
    local id = queue[head]
    head = head + 1
    for _, neighbor in ipairs(graph[id] or {}) do
      if not hops[neighbor] then
        hops[neighbor] = hops[id] + 1
        queue[#queue + 1] = neighbor
      end
    end
  end
  return hops
end

--- How many hops each node is away from one node.
-- @tparam table graph a topology
-- @tparam string from a node id in it
-- @treturn table id to hops; a node that cannot be reached is missing
function topology.path_lengths(graph, from)
  check_topology("path_lengths", graph)
  if not graph[from] then
    error("topology.path_lengths: no such node: " .. tostring(from), 2)
  end
  return distances(graph, from)
end

--- The most hops between any two nodes: what a flooded value needs at worst.
-- @tparam table graph a topology
-- @treturn integer hops, or math.huge when some node cannot be reached. O(nodes x edges)
function topology.diameter(graph)
  check_topology("diameter", graph)
  local count, longest = 0, 0
  for _ in pairs(graph) do
    count = count + 1
  end
  for from in pairs(graph) do
    local reached = 0
    for _, hops in pairs(distances(graph, from)) do
      reached = reached + 1
      longest = math.max(longest, hops)
    end
    if reached < count then
      return math.huge
    end
  end
  return longest
end

--- The most neighbours that any node has.
-- @tparam table graph a topology
-- @treturn integer
function topology.degree(graph)
  check_topology("degree", graph)
  local most = 0
  for _, neighbors in pairs(graph) do
    most = math.max(most, #neighbors)
  end
  return most
end

--- The number of edges.
-- @tparam table graph a symmetric topology
-- @treturn integer
function topology.edges(graph)
  check_topology("edges", graph)
  local ends = 0
  for _, neighbors in pairs(graph) do
    ends = ends + #neighbors
  end
  return ends // 2
end

return topology
