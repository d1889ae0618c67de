--- Which transactions come before which: Adya's dependencies, and the order in which clients saw
-- them.
--
--   - ww: a wrote a version, and b the next one of the key
--   - wr: b read a version that a wrote
--   - rw: a read a version, and b wrote the next one of the key
--   - order: a was complete before b began; for all clients, or for those of one process
--
-- Vertices 1 .. n are transactions, as numbered by the book. What many of them would need edges for
-- goes through vertices of its own, which edges of the kind THEN leave and which no cycle counts:
--
--   - readers of a version to the writers of those that may be next. Whoever reads and then writes
--     must not come before itself, so the writers w1 .. wk have vertices to their left and right,
--
--         left1 <- left2 <- ..             right1 -> right2 -> ..
--         lefti -> wi                      righti -> wi
--
--     and wi as a reader leads to left(i-1) and right(i+1), any other reader to right1.
--   - completions to later invocations, along a line of instants: a completion leads to the instant
--     after it, an instant to the next, and to what began before that. So an order of n
--     transactions has 4 n edges, whatever the concurrency.
--
-- Adya, Liskov, O'Neil, "Generalized Isolation Level Definitions", ICDE 2000.
-- @module sim.checkers.txn.dependencies

local graph = require "sim.checkers.graph"

local dependencies = {}

--- The labels of edges.
dependencies.WW, dependencies.WR, dependencies.RW = "ww", "wr", "rw"
dependencies.ORDER, dependencies.THEN = "order", "then"

local WW, WR, RW, ORDER, THEN = "ww", "wr", "rw", "order", "then"

local function new_vertex(dependency_graph)
  return dependency_graph:vertex(#dependency_graph.vertices + 1)
end

-- From all readers to all writers, without those from a transaction to itself.
local function fan(g, readers, writers)
  if #writers == 1 then
    for _, reader in ipairs(readers) do
      if reader ~= writers[1] then
        g:edge(reader, writers[1], RW)
      end
    end
    return
  end
  local left, right, place = {}, {}, {}
  for i, writer in ipairs(writers) do
    place[writer] = i
    left[i] = new_vertex(g)
    right[i] = new_vertex(g)
    g:edge(left[i], writer, THEN)
    g:edge(right[i], writer, THEN)
    if i > 1 then
      g:edge(left[i], left[i - 1], THEN)
      g:edge(right[i - 1], right[i], THEN)
    end
  end
  for _, reader in ipairs(readers) do
    local i = place[reader] or 0
    if left[i - 1] then
      g:edge(reader, left[i - 1], RW)
    end
    if right[i + 1] then
      g:edge(reader, right[i + 1], RW)
    end
  end
end

-- The transactions that wrote what may come next after a version, each once.
local function writers_after(order, version)
  local writers, seen = {}, {}
  for _, successor in ipairs(order.successors[version] or {}) do
    local writer = order.writer[successor]
    if writer and not seen[writer] then
      seen[writer] = true
      writers[#writers + 1] = writer
    end
  end
  return writers
end

local function add_data(g, book, order)
  for version = 1, #book.key_of do
    local writer, readers = order.writer[version], order.readers[version] or {}
    local next_writers = writers_after(order, version)
    if writer then
      for _, reader in ipairs(readers) do
        if reader ~= writer then
          g:edge(writer, reader, WR)
        end
      end
      for _, next_writer in ipairs(next_writers) do
        if next_writer ~= writer then
          g:edge(writer, next_writer, WW)
        end
      end
    end
    if readers[1] and next_writers[1] then
      fan(g, readers, next_writers)
    end
  end
end

local function has_edge(g)
  for _, targets in ipairs(g.targets) do
    if targets[1] then
      return true
    end
  end
  return false
end

-- The order in which clients saw them: of all, or of each process by itself. What nobody knows to
-- have happened may have happened at any time after it began.
local function add_order(g, book, by_process)
  local begun, ended, last = {}, {}, 0
  for id, txn in ipairs(book.list) do
    begun[txn.op.invoke_index] = id
    last = math.max(last, txn.op.invoke_index, txn.op.complete_index or 0)
    if txn.is_ok then
      ended[txn.op.complete_index] = id
    end
  end
  local instants, is_used = {}, {} -- by process: the latest one, and whether something followed it
  for index = 1, last do
    local id = begun[index] or ended[index]
    if id then
      local line = by_process and book.list[id].op.process or 0
      local instant = instants[line]
      if begun[index] then
        if instant then
          g:edge(instant, id, THEN)
          is_used[line] = true
        end
      else
        if not instant or is_used[line] then
          instants[line] = new_vertex(g)
          is_used[line] = false
          if instant then
            g:edge(instant, instants[line], THEN)
          end
        end
        g:edge(id, instants[line], ORDER)
      end
    end
  end
end

--- Builds the graph of dependencies.
-- @tparam book book from sim.checkers.txn.transactions
-- @tparam table order from register_versions or list_versions
-- @tparam[opt] string seen_by "process" or "realtime": adds the order that clients saw
-- @treturn graph
-- @treturn boolean whether there are ww, wr or rw edges
function dependencies.build(book, order, seen_by)
  local g = graph.new()
  for id = 1, #book.list do
    g:vertex(id)
  end
  add_data(g, book, order)
  local has_data = has_edge(g)
  if seen_by then
    add_order(g, book, seen_by == "process")
  end
  return g, has_data
end

return dependencies
