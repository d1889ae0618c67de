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

-- Calls found(stack, first) for each component: its places are the stack's from `first` on.
local function search(self, allowed, found)
  local targets, labels = self.targets, self.labels
  local order, lowest, on_stack, next_edge = {}, {}, {}, {}
  local stack, path = {}, {}
  local visited = 0
  for root = 1, #self.vertices do
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
-- @treturn {table,...} lists of vertices, each in the order in which they were added; the
--   components in the order of their first vertices
-- @treturn {integer,...} for each place in `vertices` the rank of its component, single vertices
--   included: an edge that counts never leads from a lower rank to a higher one
function Graph:components(allowed)
  local components, ranks, rank = {}, {}, 0
  search(self, allowed, function(stack, first)
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

return graph
