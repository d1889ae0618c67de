--- Directed graphs with labelled edges, and their strongly connected components: the sets of
-- vertices each of which leads to each other. A dependency graph has a cycle where a component has
-- more than one vertex; a shortest path closes it.
--
-- Vertices are any values but nil, kept by identity. Everything comes in the order in which
-- vertices and edges were added, never in the order of a hash, so that runs repeat.
--
-- The components are Tarjan's ("Depth-first search and linear graph algorithms", SIAM J. Computing
-- 1972), with a stack of its own in place of recursion: a history of 100,000 operations may be one
-- path. Time and space grow with vertices plus edges, about 0.5 us each.
-- @module sim.checkers.graph

local Graph = {}
Graph.__index = Graph

local graph = {}

--- An empty graph.
-- @treturn graph with the fields `vertices`, a list; and for the i-th of them `targets[i]` and
--   `labels[i]`, lists that say where its edges lead (as places in `vertices`) and what they are
function graph.new()
  return setmetatable({ vertices = {}, places = {}, targets = {}, labels = {} }, Graph)
end

--- Adds a vertex, unless it is there.
-- @param vertex a value
-- @treturn integer its place in `vertices`
function Graph:vertex(vertex)
  local place = self.places[vertex]
  if not place then
    place = #self.vertices + 1
    self.places[vertex] = place
    self.vertices[place] = vertex
    self.targets[place] = {}
    self.labels[place] = {}
  end
  return place
end

--- Adds an edge, and its vertices where they are new. There may be several edges between two.
-- @param from a vertex
-- @param to a vertex
-- @param label what the edge is, any value but nil
function Graph:edge(from, to, label)
  local place = self:vertex(from)
  local target = self:vertex(to)
  local targets, labels = self.targets[place], self.labels[place]
  targets[#targets + 1] = target
  labels[#labels + 1] = label
end

local function all_places(count)
  local places = {}
  for place = 1, count do
    places[place] = place
  end
  return places
end

-- Calls found(stack, first) for each component: its places are the stack's from `first` on.
local function search(self, allowed, roots, found)
  local targets, labels = self.targets, self.labels
  local order, lowest, on_stack, next_edge = {}, {}, {}, {}
  local stack, path = {}, {}
  local visited = 0
  for _, root in ipairs(roots or all_places(#self.vertices)) do
    if not order[root] then
      path[1] = root
      while path[1] do
        local at = path[#path]
        if not order[at] then
          visited = visited + 1
          order[at], lowest[at], next_edge[at] = visited, visited, 1
          stack[#stack + 1] = at
          on_stack[at] = true
        end
        local edge = next_edge[at]
        local target = targets[at][edge]
        if not target then
          path[#path] = nil
          local above = path[#path]
          if above then
            lowest[above] = math.min(lowest[above], lowest[at])
          end
          if lowest[at] == order[at] then
            local first = #stack
            while stack[first] ~= at do
              first = first - 1
            end
            found(stack, first)
            for i = #stack, first, -1 do
              on_stack[stack[i]] = nil
              stack[i] = nil
            end
          end
        else
          next_edge[at] = edge + 1
          if not allowed or allowed[labels[at][edge]] then
            if not order[target] then
              path[#path + 1] = target
            elseif on_stack[target] then
              lowest[at] = math.min(lowest[at], order[target])
            end
          end
        end
      end
    end
  end
end

--- The strongly connected components of more than one vertex.
-- @tparam[opt] table allowed set of labels: only edges with one of these count; default: all edges
-- @tparam[opt] {integer,...} roots all places, in the order in which the search begins with them;
--   default: ascending. Of two vertices that no path joins the one that comes first here has mostly
--   the lower rank
-- @treturn {table,...} lists of vertices, each in the order in which they were added; the
--   components in the order of their first vertices
-- @treturn {integer,...} for each place in `vertices` the rank of its component, single vertices
--   included: an edge that counts never leads from a lower rank to a higher one
function Graph:components(allowed, roots)
  local components, ranks, rank = {}, {}, 0
  search(self, allowed, roots, function(stack, first)
    rank = rank + 1
    for i = first, #stack do
      ranks[stack[i]] = rank
    end
    if first < #stack then
      local places = table.move(stack, first, #stack, 1, {})
      table.sort(places)
      components[#components + 1] = places
    end
  end)
  table.sort(components, function(a, b) return a[1] < b[1] end)
  for _, places in ipairs(components) do
    for i, place in ipairs(places) do
      places[i] = self.vertices[place]
    end
  end
  return components, ranks
end

--- A part of a graph: some of its vertices, and the edges between them.
-- @tparam {vertex,...} vertices in the order they are to have
-- @treturn graph
function Graph:part(vertices)
  local part = graph.new()
  for _, vertex in ipairs(vertices) do
    part:vertex(vertex)
  end
  for _, vertex in ipairs(vertices) do
    local place = self.places[vertex]
    for i, target in ipairs(self.targets[place]) do
      local to = self.vertices[target]
      if part.places[to] then
        part:edge(vertex, to, self.labels[place][i])
      end
    end
  end
  return part
end

-- The vertices and labels of a path, from where each place was reached from and by which label.
local function trace(self, from, to, parents, parent_labels)
  local places = { to }
  while places[#places] ~= from do
    places[#places + 1] = parents[places[#places]]
  end
  local vertices, labels = {}, {}
  for i = #places, 1, -1 do
    vertices[#vertices + 1] = self.vertices[places[i]]
    labels[#labels + 1] = i > 1 and parent_labels[places[i - 1]] or nil
  end
  return vertices, labels
end

--- A shortest path, found breadth first. One from a vertex to itself has no edge.
-- @tparam vertex from
-- @tparam vertex to
-- @tparam[opt] table options
--
--   - allowed: set of labels that may be taken; default: all
--   - free: set of labels that do not count into the length; default: none
--   - ranks, least: by place, as from components; those below `least` are passed over
--   - longest: no path longer than this
-- @treturn {vertex,...} or nil where there is none
-- @treturn {label,...} of the edges between them, or nil
-- @treturn integer the length, or nil
-- @treturn integer how many edges were looked at
function Graph:path(from, to, options)
  options = options or {}
  local allowed, free, ranks = options.allowed, options.free or {}, options.ranks
  local longest = options.longest or math.huge
  local parents, parent_labels, distances, followed = {}, {}, {}, {}
  local start, goal = self.places[from], self.places[to]
  local near, length, looked = { start }, 0, 0
  distances[start] = 0
  while near[1] and length <= longest do
    local far, at = {}, 1
    while near[at] do -- which grows by free edges
      local place = near[at]
      if place == goal then
        local vertices, labels = trace(self, start, goal, parents, parent_labels)
        return vertices, labels, length, looked
      end
      local targets, labels = self.targets[place], self.labels[place]
      for i = 1, followed[place] and 0 or #targets do
        local target, label = targets[i], labels[i]
        if (not allowed or allowed[label]) and (not ranks or ranks[target] >= options.least) then
          local list, distance = far, length + 1
          if free[label] then
            list, distance = near, length
          end
          if distance < (distances[target] or math.huge) then
            distances[target], parents[target], parent_labels[target] = distance, place, label
            list[#list + 1] = target
          end
        end
      end
      looked = looked + #targets
      followed[place] = true
      at = at + 1
    end
    near, length = far, length + 1
  end
  return nil, nil, nil, looked
end

-- The places from the highest rank to the lowest, and by rank where its places begin in that list.
local function by_rank(ranks)
  local counts, highest = {}, 0
  for _, rank in ipairs(ranks) do
    counts[rank] = (counts[rank] or 0) + 1
    highest = math.max(highest, rank)
  end
  local begin, at = {}, 1
  for rank = highest, 1, -1 do
    begin[rank] = at
    at = at + counts[rank]
  end
  local places, free = {}, table.move(begin, 1, highest, 1, {})
  for place, rank in ipairs(ranks) do
    places[free[rank]] = place
    free[rank] = free[rank] + 1
  end
  return places, begin
end

local SOURCES = 63 -- that are followed at once, a bit each

-- Follows the paths from some places, all at once, down to a rank. Returns by rank the bits of
-- those that reach it, and how many edges were looked at.
local function flood(self, allowed, ranks, places, from, sources, lowest)
  local masks, looked = {}, 0
  for bit, source in ipairs(sources) do
    masks[ranks[source]] = (masks[ranks[source]] or 0) | 1 << (bit - 1)
  end
  for at = from, #places do
    local place = places[at]
    if ranks[place] <= lowest then
      break
    end
    local mask = masks[ranks[place]]
    if mask then
      local labels = self.labels[place]
      for i, target in ipairs(self.targets[place]) do
        local rank = ranks[target]
        if rank >= lowest and allowed[labels[i]] then
          masks[rank] = (masks[rank] or 0) | mask
        end
      end
      looked = looked + #labels
    end
  end
  return masks, looked
end

--- Which pairs of vertices a path joins. 63 beginnings are followed at a time, through the ranks
-- between them and their ends, so that it pays to have ranks by which these are near.
-- @tparam {{from, to},...} pairs of places; sorted in place
-- @tparam table allowed set of labels that count
-- @tparam {integer,...} ranks as from components with the same labels
-- @tparam integer budget how many edges may be looked at, roughly
-- @treturn {pair,...} those that are joined, of the pairs that were looked at
-- @treturn boolean whether all were
function Graph:joined(pairs, allowed, ranks, budget)
  local places, begin = by_rank(ranks)
  table.sort(pairs, function(a, b)
    if a[1] ~= b[1] then
      local rank_a, rank_b = ranks[a[1]], ranks[b[1]]
      return rank_a > rank_b or (rank_a == rank_b and a[1] < b[1])
    end
    return a[2] < b[2]
  end)
  local joined, first, looked = {}, 1, 0
  while pairs[first] and looked < budget do
    local sources, lowest, last = {}, math.huge, first
    while pairs[last] and (pairs[last][1] == sources[#sources] or #sources < SOURCES) do
      if pairs[last][1] ~= sources[#sources] then
        sources[#sources + 1] = pairs[last][1]
      end
      lowest = math.min(lowest, ranks[pairs[last][2]])
      last = last + 1
    end
    local masks, cost = flood(self, allowed, ranks, places, begin[ranks[sources[1]]], sources,
      lowest)
    looked = looked + cost
    local bit, source = 0, sources[1]
    for i = first, last - 1 do
      local pair = pairs[i]
      if pair[1] ~= source then
        bit, source = bit + 1, pair[1]
      end
      if (masks[ranks[pair[2]]] or 0) & 1 << bit ~= 0 then
        joined[#joined + 1] = pair
      end
    end
    first = last
  end
  return joined, pairs[first] == nil
end

return graph
