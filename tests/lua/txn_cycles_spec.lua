-- The search for cycles, against one that looks at every cycle there is.

local randoms = require "hearsay.random"
local json = require "hearsay.json"
local models = require "sim.checkers.txn.models"
local txns = dofile("tests/lua/txn_history.lua")

local SEEDS = 300

-- What a transaction's first read of each key showed before it wrote it, and its last writes; null
-- is false.
local function effects(op)
  local reads, writes, read = {}, {}, {}
  for _, micro in ipairs(op.result or op.value) do
    local f, key, v = table.unpack(micro)
    if f == "w" then
      writes[key] = v
    elseif op.outcome == "ok" and not writes[key] and not read[key] then
      read[key] = true
      reads[key] = math.type(v) == "integer" and v or false
    end
  end
  return reads, writes
end

-- Keys of which versions replace each other in a circle.
local function cyclic_keys(all)
  local replaced, bad = {}, {}
  for _, txn in ipairs(all) do
    for key, v in pairs(txn.writes) do
      if txn.reads[key] and txn.reads[key] ~= v then
        replaced[key] = replaced[key] or {}
        replaced[key][v] = txn.reads[key]
      end
    end
  end
  for key, before in pairs(replaced) do
    for v in pairs(before) do
      local at, steps = before[v], 0
      while at and at ~= v and steps < 100 do
        at, steps = before[at], steps + 1
      end
      bad[key] = bad[key] or at == v
    end
  end
  return bad
end

-- Calls add(i, j, label) for each dependency between transactions over registers.
local function register_dependencies(history, add)
  local all = {}
  for i, op in ipairs(history) do
    local reads, writes = effects(op)
    all[i] = { reads = reads, writes = writes }
  end
  local bad = cyclic_keys(all)
  for i, a in ipairs(all) do
    for j, b in ipairs(all) do
      for key, v in pairs(a.writes) do
        if b.reads[key] == v then
          add(i, j, "wr")
          if b.writes[key] and not bad[key] then
            add(i, j, "ww")
          end
        end
      end
      for key, v in pairs(a.reads) do
        local is_next = v == false or (b.reads[key] == v and not bad[key])
        if b.writes[key] and b.writes[key] ~= v and is_next then
          add(i, j, "rw")
        end
      end
    end
  end
end

-- The same over lists.
local function list_dependencies(history, add)
  local longest, appended = {}, {} -- by key
  for i, op in ipairs(history) do
    for _, micro in ipairs(op.result or op.value) do
      local f, key, v = table.unpack(micro)
      if f == "append" then
        appended[key] = appended[key] or {}
        appended[key][v] = i
      elseif type(v) == "table" and #v >= #(longest[key] or {}) then
        longest[key] = v
      end
    end
  end
  -- Calls f with who appended what may be next after a state that ends with v.
  local function each_next(key, v, f)
    local order, place = longest[key] or {}, {}
    for at, element in ipairs(order) do
      place[element] = at
    end
    local at = v and place[v] or 0
    for element, writer in pairs(appended[key] or {}) do
      if (place[element] or #order + 1) == at + 1 then
        f(writer)
      end
    end
  end
  for i, op in ipairs(history) do
    for _, micro in ipairs(op.result or op.value) do
      local f, key, v = table.unpack(micro)
      if f == "append" then
        local is_seen = false
        for _, element in ipairs(longest[key] or {}) do
          is_seen = is_seen or element == v
        end
        if is_seen then
          each_next(key, v, function(writer) add(i, writer, "ww") end)
        end
      elseif op.outcome == "ok" then
        local last = type(v) == "table" and v[#v] or nil
        if last then
          add(appended[key][last], i, "wr")
        end
        each_next(key, last, function(writer) add(i, writer, "rw") end)
      end
    end
  end
end

-- By definition: labels[a][b] is the set of reasons why a comes before b.
local function dependencies(kind, history, by)
  local labels = {}
  for i, a in ipairs(history) do
    labels[i] = {}
    for j, b in ipairs(history) do
      local is_before = by and a.outcome == "ok" and a.complete_index < b.invoke_index
        and (by == "realtime" or a.process == b.process)
      labels[i][j] = { order = is_before or nil }
    end
  end
  local build = kind == "lists" and list_dependencies or register_dependencies
  build(history, function(i, j, label)
    if i ~= j then
      labels[i][j][label] = true
    end
  end)
  return labels
end

-- Whether labels can be chosen for the edges of a cycle so that `wanted` of (counts, whether two rw
-- are adjacent) holds.
local function can_choose(sets, allowed, wanted)
  local chosen = {}
  local function try(i)
    if i > #sets then
      local counts, adjacent = { ww = 0, wr = 0, rw = 0, order = 0 }, false
      for at, label in ipairs(chosen) do
        counts[label] = counts[label] + 1
        adjacent = adjacent or (label == "rw" and chosen[at % #chosen + 1] == "rw")
      end
      return wanted(counts, adjacent)
    end
    for _, label in ipairs(allowed) do
      if sets[i][label] then
        chosen[i] = label
        if try(i + 1) then
          return true
        end
      end
    end
    return false
  end
  return try(1)
end

local function class_tests(suffix, order)
  return {
    ["G0" .. suffix] = { { "ww", order }, function(n) return n.ww > 0 end },
    ["G1c" .. suffix] = { { "ww", "wr", order }, function(n) return n.wr > 0 end },
    ["G-single" .. suffix] = { { "ww", "wr", "rw", order }, function(n) return n.rw == 1 end },
    ["G-nonadjacent" .. suffix] = { { "ww", "wr", "rw", order },
      function(n, adjacent) return n.rw > 1 and not adjacent end },
    ["G2-item" .. suffix] = { { "ww", "wr", "rw", order }, function(n) return n.rw > 1 end },
  }
end

-- The names of all classes of which there is a cycle.
local function all_classes(labels, by)
  local found, tests = {}, class_tests("", nil)
  for name, test in pairs(by and class_tests("-" .. by, "order") or {}) do
    tests[name] = test
  end
  local path, on_path = {}, {}
  local function walk(at, first)
    path[#path + 1] = at
    on_path[at] = true
    for to, set in ipairs(labels[at]) do
      if next(set) and to == first and #path > 1 then
        local sets = {}
        for i, node in ipairs(path) do
          sets[i] = labels[node][path[i % #path + 1]]
        end
        for name, test in pairs(tests) do
          found[name] = found[name] or can_choose(sets, test[1], test[2]) or nil
        end
      elseif next(set) and to > first and not on_path[to] then
        walk(to, first)
      end
    end
    on_path[at] = nil
    path[#path] = nil
  end
  for first = 1, #labels do
    walk(first, first)
  end
  return found
end

local function prefix(list, length)
  return json.array(table.move(list, 1, length, 1, {}))
end

-- A history in which reads show anything that was written to the key, of lists any beginning.
local function random_history(kind, random)
  local ops, values = {}, {}
  for key = 1, 3 do
    values[key] = {}
  end
  for i = 1, 2 + random:upto(4) do
    local list = {}
    for at = 1, random:upto(4) do
      local key = random:upto(3)
      if random:upto(2) == 1 then
        local v = #values[key] + 1
        values[key][v] = v
        list[at] = { kind == "lists" and "append" or "w", key, v }
      else
        list[at] = { "r", key, json.null }
      end
    end
    ops[i] = { f = "txn", value = list, process = i % 3, worker = i % 3, node = "n" .. i % 3,
      outcome = random:upto(8) == 1 and "info" or "ok" }
  end
  for key = 1, 3 do
    random:shuffle(values[key])
  end
  for _, op in ipairs(ops) do
    op.result = op.outcome == "ok" and {} or nil
    for at, micro in ipairs(op.result and op.value or {}) do
      local f, key = micro[1], micro[2]
      local length = random:upto(#values[key] + 1) - 1
      local v = kind == "lists" and prefix(values[key], length) or values[key][length] or json.null
      op.result[at] = f == "r" and { f, key, v } or micro
    end
  end
  -- At most three at a time, each process one after the other.
  local index, open = 0, {}
  for _, op in ipairs(ops) do
    while open[op.process] or (next(open) and random:upto(3) == 1) do
      local process = random:upto(3) - 1
      if open[process] then
        index = index + 1
        open[process].complete_index, open[process].complete_us = index, index * 1000
        open[process] = nil
      end
    end
    index = index + 1
    op.invoke_index, op.invoke_us = index, index * 1000
    open[op.process] = op
  end
  for process = 0, 2 do
    if open[process] then
      index = index + 1
      open[process].complete_index, open[process].complete_us = index, index * 1000
    end
  end
  return ops
end

local function closure(names)
  local list = {}
  for name in pairs(names) do
    list[#list + 1] = name
  end
  return table.concat(models.implied(list), " ")
end

-- The cycles among the anomalies that were found, as a set.
local function cycles_in(result)
  local found = {}
  for _, name in ipairs(result["anomaly-types"]) do
    if result.anomalies[name][1] and result.anomalies[name][1].cycle then
      found[name] = true
    end
  end
  return found
end

describe("the search for cycles", function()
  for _, kind in ipairs({ "registers", "lists" }) do
    for by, model in pairs({ [false] = "serializable", process = "strong-session-serializable",
      realtime = "strict-serializable" }) do
      it(("finds the classes that there are over %s%s"):format(kind, by and " by " .. by or ""),
        function()
          local invalid = 0
          for seed = 1, SEEDS do
            local history = random_history(kind, randoms.stream(seed, "cycles"))
            local expected = all_classes(dependencies(kind, history, by or nil), by or nil)
            local result = txns.check(kind, history, model)
            assert.equal(closure(expected), closure(cycles_in(result)), "seed " .. seed)
            invalid = invalid + (next(expected) and 1 or 0)
          end
          assert.is_true(invalid > SEEDS // 10 and invalid < SEEDS, invalid .. " have a cycle")
        end)
    end
  end
end)
