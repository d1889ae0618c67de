--- Cycles of dependencies, by the kinds of their edges: the anomalies of Adya and their relatives.
--
--   - G0: ww. Writes of two transactions are interleaved
--   - G1c: ww and at least one wr. Each saw or overwrote something of the other
--   - G-single: exactly one rw. One saw only a part of the other, or missed it
--   - G-nonadjacent: two or more rw, no two in a row. Snapshots that nobody could have taken
--   - G2-item: two or more rw. Write skew
--   - G0-process .., G0-realtime ..: the same where the order that clients saw is needed as well
--   - G-causal: G-single of only wr, rw and the order. A read missed what had been before it
--
-- Of each strongly connected component the shortest cycle of each name is looked for, the worst
-- names first; one that only says less than one already found is passed over. Whether there is one
-- of a name is not left to luck:
--
--   - G0, G1c, G2-item: any edge in a component of the edges that count is on a cycle.
--   - G-single: for each rw edge, is there a path back without one? No path leads up the ranks of
--     the components that remain without rw edges, and these ranks are much like times, so that few
--     edges and few transactions have to be looked at.
--   - G-nonadjacent: on a graph of twice the vertices, which remembers whether the last edge was an
--     rw, a component holds such a cycle. One that goes through a transaction twice falls into two
--     cycles, of which at least one has no two rw in a row.
--
-- When a search has looked at ten million edges it takes the shortest cycle so far; if it has none,
-- that is reported as cycle-search-timeout.
-- @module sim.checkers.txn.cycles

local dependencies = require "sim.checkers.txn.dependencies"
local graph = require "sim.checkers.graph"
local models = require "sim.checkers.txn.models"

local WW, WR, RW = dependencies.WW, dependencies.WR, dependencies.RW
local ORDER, THEN = dependencies.ORDER, dependencies.THEN

local BUDGET = 10000000 -- edges that one search looks at
local FREE = { [THEN] = true }

local cycles = {}

--- What is found where a search was given up.
cycles.TIMEOUT = "cycle-search-timeout"

local function set(...)
  local labels = { [THEN] = true }
  for _, label in ipairs({ ... }) do
    labels[label] = true
  end
  return labels
end

-- The worst first. A cycle has one edge `start`, and beside it those of `path`; or edges of `path`
-- and two or more rw that are not adjacent.
local CLASSES = {
  { name = "G0", start = WW, path = { WW } },
  { name = "G1c", start = WR, path = { WW, WR } },
  { name = "G-single", start = RW, path = { WW, WR } },
  { name = "G-nonadjacent", path = { WW, WR }, is_nonadjacent = true },
  { name = "G2-item", start = RW, path = { WW, WR, RW } },
}

local CAUSAL = { name = "G-causal", start = RW, allowed = set(WR, ORDER) }

-- The classes of a search: the plain ones, or those with the order that clients saw.
local function classes_with(suffix)
  local classes = {}
  for i, class in ipairs(CLASSES) do
    local allowed = set(table.unpack(class.path))
    allowed[ORDER] = suffix ~= nil
    classes[i] = { name = class.name .. (suffix or ""), start = class.start, allowed = allowed,
      is_nonadjacent = class.is_nonadjacent }
  end
  return classes
end

-- The latest first, so that ranks are much like times; vertices that are no transactions last.
local function roots_of(g, is_transaction)
  local roots = {}
  for _, wanted in ipairs({ true, false }) do
    for place = #g.vertices, 1, -1 do
      if is_transaction(g.vertices[place]) == wanted then
        roots[#roots + 1] = place
      end
    end
  end
  return roots
end

-- The edges labelled `start` that a path of allowed edges leads back from, as pairs of the places
-- where the path begins and ends. Returns whether these are all.
local function closed_edges(g, start, allowed, ranks, budget)
  local closed, open = {}, {}
  for place, targets in ipairs(g.targets) do
    for i, target in ipairs(targets) do
      if g.labels[place][i] == start and ranks[target] >= ranks[place] then
        local list = ranks[target] == ranks[place] and closed or open
        list[#list + 1] = { target, place }
      end
    end
  end
  local joined, is_all = g:joined(open, allowed, ranks, budget)
  return table.move(joined, 1, #joined, #closed + 1, closed), is_all
end

-- The shortest cycle of an edge labelled `start` and a path of allowed edges. Returns its vertices,
-- the last the same as the first, and its labels; or nil, and whether the search was given up.
local function shortest(g, start, allowed, context)
  local _, ranks = g:components(allowed, roots_of(g, context.is_transaction))
  local closed, is_all = closed_edges(g, start, allowed, ranks, context.budget)
  table.sort(closed, function(a, b)
    local gap_a, gap_b = ranks[a[1]] - ranks[a[2]], ranks[b[1]] - ranks[b[2]]
    if gap_a ~= gap_b then
      return gap_a < gap_b
    elseif a[2] ~= b[2] then
      return a[2] < b[2]
    end
    return a[1] < b[1]
  end)
  local best, best_labels, best_length, looked = nil, nil, math.huge, 0
  for _, edge in ipairs(closed) do
    local path, labels, length, cost = g:path(g.vertices[edge[1]], g.vertices[edge[2]], {
      allowed = allowed, free = FREE, ranks = ranks, least = ranks[edge[2]],
      longest = best_length - 2,
    })
    looked = looked + cost
    if path then
      best, best_labels, best_length = path, labels, length + 1
      table.insert(best, 1, path[#path])
      table.insert(best_labels, 1, start)
    end
    if best_length == 2 or looked > context.budget then
      break
    end
  end
  return best, best_labels or not is_all
end

-- A cycle as steps from transaction to transaction: {from, to, label}. Whatever leads through other
-- vertices is one step, of the kind by which it left the transaction.
local function steps_of(vertices, labels, is_transaction)
  local first = 1
  while not is_transaction(vertices[first]) do
    first = first + 1
  end
  local steps, length = {}, #labels
  for i = first, first + length - 1 do
    local at = (i - 1) % length + 1
    if is_transaction(vertices[at]) then
      steps[#steps + 1] = { from = vertices[at], label = labels[at] }
    end
  end
  for i, step in ipairs(steps) do
    step.to = steps[i % #steps + 1].from
  end
  return steps
end

local function is_nonadjacent(steps)
  local count, last = 0, steps[#steps].label
  for _, step in ipairs(steps) do
    if step.label == RW then
      count = count + 1
      if last == RW then
        return false
      end
    end
    last = step.label
  end
  return count >= 2
end

-- Of a closed walk the first part that is a cycle of its own, and what remains.
local function split(steps)
  local seen = {}
  for i, step in ipairs(steps) do
    local from = seen[step.from]
    if from then
      local rest = table.move(steps, 1, from - 1, 1, {})
      return table.move(steps, from, i - 1, 1, {}), table.move(steps, i, #steps, from, rest)
    end
    seen[step.from] = i
  end
  return steps
end

local function nonadjacent(g, allowed, context)
  local double = graph.new()
  local function vertex(place, is_after_rw)
    return 2 * place - (is_after_rw and 0 or 1)
  end
  for place = 1, #g.vertices do
    double:vertex(vertex(place, false))
    double:vertex(vertex(place, true))
  end
  for place, targets in ipairs(g.targets) do
    for i, target in ipairs(targets) do
      local label = g.labels[place][i]
      if label == RW then
        double:edge(vertex(place, false), vertex(target, true), RW)
      elseif allowed[label] then
        double:edge(vertex(place, false), vertex(target, false), label)
        double:edge(vertex(place, true), vertex(target, label == THEN), label)
      end
    end
  end
  for _, component in ipairs((double:components())) do
    local part = double:part(component)
    local vertices, labels = shortest(part, RW, set(WW, WR, RW, ORDER), context)
    if vertices then
      for i, v in ipairs(vertices) do
        vertices[i] = g.vertices[(v + 1) // 2]
      end
      local rest = steps_of(vertices, labels, context.is_transaction)
      while rest do
        local cycle
        cycle, rest = split(rest)
        if is_nonadjacent(cycle) then
          return cycle
        end
      end
    end
  end
end

-- Adds the cycles of the classes in one component to a list, and their names to a set of names that
-- need not be looked for any more.
local function search(g, component, classes, context, cases, is_implied)
  local part = g:part(component)
  for _, class in ipairs(classes) do
    if not is_implied[class.name] then
      local steps, given_up
      if class.is_nonadjacent then
        steps = nonadjacent(part, class.allowed, context)
      else
        local vertices, labels = shortest(part, class.start, class.allowed, context)
        if vertices then
          steps = steps_of(vertices, labels, context.is_transaction)
        else
          given_up = labels
        end
      end
      if steps then
        cases[#cases + 1] = { name = class.name, steps = steps }
        for _, name in ipairs(models.implied({ class.name })) do
          is_implied[name] = true
        end
      elseif given_up then
        cases[#cases + 1] = { name = cycles.TIMEOUT, steps = {}, class = class.name,
          size = #component }
      end
    end
  end
end

--- Looks for cycles.
-- @tparam graph g from sim.checkers.txn.dependencies
-- @tparam integer count how many of its vertices are transactions: the first ones
-- @tparam table options
--
--   - seen_by: "process" or "realtime", which order the graph has; or nil
--   - causal: also look for G-causal
--   - budget: edges that one search may look at; default 10,000,000
-- @tparam found found what is found is added: cases {steps}, a list of {from, to, label} that leads
--   back to where it begins; the shortest first
function cycles.find(g, count, options, found)
  local context = {
    budget = options.budget or BUDGET,
    is_transaction = function(vertex) return vertex <= count end,
  }
  local cases, is_implied_at = {}, {}
  for _, component in ipairs((g:components(set(WW, WR, RW)))) do
    local is_implied = {}
    search(g, component, classes_with(nil), context, cases, is_implied)
    for _, vertex in ipairs(component) do
      is_implied_at[vertex] = is_implied
    end
  end
  if options.seen_by then
    local classes = classes_with("-" .. options.seen_by)
    if options.causal then
      classes[#classes + 1] = CAUSAL
    end
    for _, component in ipairs((g:components())) do
      local is_implied = {}
      for _, vertex in ipairs(component) do
        for name in pairs(is_implied_at[vertex] or {}) do
          is_implied[name] = true
        end
      end
      search(g, component, classes, context, cases, is_implied)
    end
  end
  table.sort(cases, function(a, b)
    if #a.steps ~= #b.steps then
      return #a.steps < #b.steps
    end
    return #a.steps > 0 and a.steps[1].from < b.steps[1].from
  end)
  for _, case in ipairs(cases) do
    found:add(case.name, case)
  end
end

return cycles
