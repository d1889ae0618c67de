--- Looks for an order of the operations on one register that explains all that clients saw.
--
-- Such an order keeps to real time: what ended before something else began comes first. Reads, writes
-- and compare-and-sets that were answered take effect once, at some moment between their invocation
-- and their end. One whose outcome nobody knows may take effect at any moment from its invocation on,
-- or never.
--
-- The search goes through the ends of operations in the order of time. What is then known is a
-- configuration: the value that the register has, which of the open operations have taken effect, and
-- which of the indefinite ones. When an operation ends that has not taken effect, one or more open
-- ones do, it being the last: those are the ways to go on. So an operation takes effect only when
-- something depends on it (Gavin Lowe's just-in-time linearization, "Testing for linearizability",
-- 2017). The first way is followed to the end; where it fails the search goes back to the last choice
-- that has another, and never enters a configuration twice (Wing and Gong's search with a memory).
--
-- What keeps it small:
--
--   - An open read takes effect as soon as the register has its value: this never does harm.
--   - Indefinite operations that do the same are one kind, of which only the number that have taken
--     effect is known, and they take effect only where they change something.
--   - A configuration is also passed over when one was visited that differs from it only in that fewer
--     indefinite operations had taken effect: whatever follows from the one follows from the other.
--
-- Sets of open operations, by slot, and multisets of kinds are interned: each is a small integer, and
-- adding to one or taking from it is a look-up. A history of 10,000 operations, ten at a time, takes
-- some 0.1 s.
-- @module sim.checkers.register_search

local value = require "sim.checkers.value"

local register_search = {}

local EMPTY = 1 -- the id of the empty multiset

-- Multisets of small integers: `counts` has their content by id.
local function new_multisets()
  return { counts = { {} }, ids = { [""] = EMPTY }, more = { {} }, less = { {} } }
end

local function intern(sets, counts)
  local items = {}
  for item, count in pairs(counts) do
    for _ = 1, count do
      items[#items + 1] = item
    end
  end
  table.sort(items)
  local text = table.concat(items, " ")
  local id = sets.ids[text]
  if not id then
    id = #sets.counts + 1
    sets.ids[text] = id
    sets.counts[id] = counts
    sets.more[id], sets.less[id] = {}, {}
  end
  return id
end

local function change(sets, id, item, by)
  local counts = {}
  for other, count in pairs(sets.counts[id]) do
    counts[other] = count
  end
  local count = (counts[item] or 0) + by
  counts[item] = count > 0 and count or nil
  return intern(sets, counts)
end

local function add(sets, id, item)
  local more = sets.more[id]
  local result = more[item] or change(sets, id, item, 1)
  more[item] = result
  return result
end

local function remove(sets, id, item)
  local less = sets.less[id]
  local result = less[item] or change(sets, id, item, -1)
  less[item] = result
  return result
end

-- Whether one multiset is part of another.
local function is_within(sets, part, whole)
  if part == whole or part == EMPTY then
    return true
  end
  local counts = sets.counts[whole]
  for item, count in pairs(sets.counts[part]) do
    if count > (counts[item] or 0) then
      return false
    end
  end
  return true
end

-- The values of the register by number: the text of each. A register that has none is null.
local function new_states()
  return { ids = { null = 1 }, texts = { "null" } }
end

local function state_of(states, v)
  local text = value.text(v)
  local id = states.ids[text]
  if not id then
    id = #states.texts + 1
    states.ids[text] = id
    states.texts[id] = text
  end
  return id
end

-- An operation as the search sees it: the register must have `from`, any value where it is missing,
-- and then has `to`. Nil for one that says nothing.
local function new_entry(op, states)
  local args, entry = op.value, { op = op, is_definite = op.outcome == "ok" }
  if op.outcome == "fail" then
    return nil
  elseif op.f == "read" then
    if not entry.is_definite then
      return nil
    end
    entry.from = state_of(states, op.result)
    entry.to = entry.from
    entry.is_read = true
  elseif op.f == "write" then
    entry.to = state_of(states, args.value)
  else
    entry.from, entry.to = state_of(states, args.from), state_of(states, args.to)
  end
  return entry
end

-- The kinds of indefinite operations. `since` has the steps from which on there are one, two, .. of it.
local function note_indefinite(kinds, entry, step)
  local name = ("%d %d"):format(entry.from or 0, entry.to)
  local kind = kinds[name]
  if not kind then
    kind = { number = #kinds + 1, from = entry.from, to = entry.to, since = {}, ops = {} }
    kinds[name] = kind
    kinds[kind.number] = kind
  end
  kind.since[#kind.since + 1] = step
  kind.ops[#kind.ops + 1] = entry.op
end

local function without(list, entry)
  local rest = {}
  for _, other in ipairs(list) do
    if other ~= entry then
      rest[#rest + 1] = other
    end
  end
  return rest
end

-- Turns the history of a register into steps, one for each end of an operation: that operation, and
-- the reads and the changes that are open then, itself included.
local function prepare(ops)
  local states, kinds, steps = new_states(), {}, {}
  local entry_at, ends_at, times = {}, {}, {}
  for _, op in ipairs(ops) do
    local entry = new_entry(op, states)
    if entry then
      entry_at[op.invoke_index] = entry
      times[#times + 1] = op.invoke_index
      if entry.is_definite then
        ends_at[op.complete_index] = entry
        times[#times + 1] = op.complete_index
      end
    end
  end
  table.sort(times)
  local reads, changes, free_slots, slots = {}, {}, {}, 0
  for _, time in ipairs(times) do
    local entry = entry_at[time]
    if entry and not entry.is_definite then
      note_indefinite(kinds, entry, #steps + 1)
    elseif entry then
      entry.slot = table.remove(free_slots)
      if not entry.slot then
        slots = slots + 1
        entry.slot = slots
      end
      -- These lists are those of earlier steps too, which must not change.
      local list = entry.is_read and reads or changes
      list = table.move(list, 1, #list, 1, {})
      list[#list + 1] = entry
      reads, changes = entry.is_read and list or reads, entry.is_read and changes or list
    else
      entry = ends_at[time]
      steps[#steps + 1] = { entry = entry, reads = reads, changes = changes }
      reads, changes = without(reads, entry), without(changes, entry)
      free_slots[#free_slots + 1] = entry.slot
    end
  end
  return { states = states, kinds = kinds, steps = steps }
end

local Search = {}
Search.__index = Search

-- Whether a configuration is worth a visit. Notes that it had one.
function Search:enter(k, state, done, used)
  local visited = self.visited[k]
  if not visited then
    visited = {}
    self.visited[k] = visited
  end
  local key = done * self.state_count + state
  local list = visited[key]
  if not list then
    visited[key] = { used }
    return true
  end
  for _, other in ipairs(list) do
    if is_within(self.uses, other, used) then
      return false
    end
  end
  list[#list + 1] = used
  return true
end

-- The ways to go on from a configuration, the most promising last: open operations and kinds of
-- indefinite ones that may take effect now.
function Search:options(k, state, done, used)
  local step = self.steps[k]
  local goal, open = step.entry, self.sets.counts[done]
  local likely, others = {}, {}
  for _, kind in ipairs(self.kinds) do
    local since = kind.since[(self.uses.counts[used][kind.number] or 0) + 1]
    if since and since <= k and kind.to ~= state and (not kind.from or kind.from == state) then
      local list = goal.is_read and kind.to == goal.to and likely or others
      list[#list + 1] = kind
    end
  end
  table.move(likely, 1, #likely, #others + 1, others)
  likely = {}
  for _, entry in ipairs(step.changes) do
    if entry ~= goal and not open[entry.slot] and (not entry.from or entry.from == state) then
      local list = goal.is_read and entry.to == goal.to and likely or others
      list[#list + 1] = entry
    end
  end
  table.move(likely, 1, #likely, #others + 1, others)
  if not goal.is_read and (not goal.from or goal.from == state) then
    others[#others + 1] = goal
  end
  return others
end

-- Keeps what the search knew at the furthest step that it came to: the values that the register may
-- have had, and what gave it each.
function Search:note(k, state, setter)
  if k > self.furthest then
    self.furthest = k
    self.reached, self.is_reached = {}, {}
  end
  if k == self.furthest and not self.is_reached[state] then
    self.is_reached[state] = true
    self.reached[#self.reached + 1] = { state = state, op = setter }
  end
end

-- Goes from a configuration at step k to the next one that has a choice. Returns it, or nothing at
-- the end of the history.
function Search:advance(k, state, done)
  local sets, steps = self.sets, self.steps
  while steps[k] do
    local step = steps[k]
    for _, read in ipairs(step.reads) do
      if read.to == state and not sets.counts[done][read.slot] then
        done = add(sets, done, read.slot)
      end
    end
    local slot = step.entry.slot
    if not sets.counts[done][slot] then
      return k, done
    end
    done = remove(sets, done, slot)
    k = k + 1
  end
end

-- Runs the search. Returns true, false or "unknown".
function Search:run(budget)
  local stack = {} -- of choices
  local k, state, done, used, setter = 1, self.states.ids.null, EMPTY, EMPTY, nil
  while true do
    k, done = self:advance(k, state, done)
    if not k then
      return true
    end
    if self:enter(k, state, done, used) then
      self.configurations = self.configurations + 1
      if self.configurations > budget then
        return "unknown"
      end
      self:note(k, state, setter)
      stack[#stack + 1] = { k = k, state = state, done = done, used = used, setter = setter,
        options = self:options(k, state, done, used) }
    end
    local choice, option
    repeat
      choice = stack[#stack]
      if not choice then
        return false
      end
      option = table.remove(choice.options)
      if not option then
        stack[#stack] = nil
      end
    until option
    k, done, used = choice.k, choice.done, choice.used
    state = option.to
    setter = choice.setter
    if option.slot then
      done = add(self.sets, done, option.slot)
    else
      used = add(self.uses, used, option.number)
    end
    if state ~= choice.state then
      setter = option.op or option.ops[self.uses.counts[used][option.number]]
    end
  end
end

-- What stopped the search: the operation that cannot have taken effect by its end, what the register
-- may have been by then, and what else could have changed it.
function Search:obstacle()
  local step = self.steps[self.furthest]
  local states, open = {}, {}
  for i, reached in ipairs(self.reached) do
    states[i] = { text = self.states.texts[reached.state], op = reached.op }
  end
  for _, entry in ipairs(step.changes) do
    if entry ~= step.entry then
      open[#open + 1] = entry.op
    end
  end
  for _, kind in ipairs(self.kinds) do
    for i, since in ipairs(kind.since) do
      if since <= self.furthest then
        open[#open + 1] = kind.ops[i]
      end
    end
  end
  table.sort(open, function(a, b)
    return a.invoke_index < b.invoke_index
  end)
  return { op = step.entry.op, states = states, open = open }
end

--- Judges the operations on one register.
-- @tparam {operation,...} ops in the order of invocation: "read", whose result is a value; "write",
--   whose value is {value}; "cas", whose value is {from, to}. The register begins as null
-- @tparam integer budget configurations to visit at most
-- @treturn boolean|string whether there is an order that explains them; "unknown" when the budget is
--   used up
-- @treturn integer configurations visited
-- @treturn table where there is no order, why: `op`, the first to end of which everything that ended
--   before can be explained and it cannot; `states`, the values that the register may have had until
--   then, as {text, op}, with the operation that gave it each; `open`, operations that may have
--   changed it just then: under way, or of unknown outcome
function register_search.run(ops, budget)
  local problem = prepare(ops)
  local search = setmetatable({
    steps = problem.steps, kinds = problem.kinds, states = problem.states,
    state_count = #problem.states.texts + 1, sets = new_multisets(), uses = new_multisets(),
    visited = {}, furthest = 0, configurations = 0,
  }, Search)
  local verdict = search:run(budget)
  return verdict, search.configurations, verdict == false and search:obstacle() or nil
end

return register_search
