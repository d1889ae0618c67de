--- Looks for an order of the operations on one register that explains all that clients saw.
--
-- Such an order keeps to real time: what ended before something else began comes first. Reads,
-- writes and compare-and-sets that were answered take effect once, at some moment between their
-- invocation and their end. One whose outcome nobody knows may take effect at any moment from its
-- invocation on, or never.
--
-- The search goes through the ends of operations in the order of time; each is a step. What it
-- knows there is a configuration: the value that the register has, which of the open operations
-- have taken effect, and which of the indefinite ones. When an operation ends that has not taken
-- effect, one or more open ones do, it being the last: those are the ways to go on. So an operation
-- takes effect only when something depends on it (Gavin Lowe's just-in-time linearization, "Testing
-- for linearizability", 2017). The first way is followed to the end; where it fails the search goes
-- back to the last choice that has another, and never enters a configuration twice (Wing and Gong's
-- search with a memory).
--
-- What keeps it small:
--
--   - An open read takes effect as soon as the register has its value: this never does harm.
--   - Of open operations that do the same the one that ends first takes effect first, before
--     indefinite ones. Of those only the number that have is known, for each kind that does the
--     same; and one takes effect only where it changes something.
--   - A configuration is also passed over when one was visited that differs from it only in that
--     fewer indefinite operations had taken effect: whatever follows from the one follows from the
--     other.
--   - Where there is an order the search is soon through, but to find that there is none it must
--     try everything, from the beginning on. So when it has come no further for long, it tries to
--     prove that nothing comes further: by a search that begins some steps before, with every value
--     and every choice of open operations as if all were possible, and with no indefinite one used
--     up.
--
-- Sets of open operations, by slot, and multisets of kinds are interned: each is a small integer,
-- and adding to one or taking from it is a look-up. A history of 10,000 operations, ten at a time,
-- takes less than 0.1 s.
-- @module sim.checkers.register_search

local multisets = require "sim.checkers.multisets"
local value = require "sim.checkers.value"

local register_search = {}

local EMPTY = multisets.EMPTY
local NOTHING = 1 -- the state of a register that has no value
local OPEN_MOST = 8 -- changes that may be open where a proof begins: it tries all their subsets

--- Configurations that are visited, beyond one a step, before a proof is tried.
register_search.patience = 1000
--- How many steps a proof looks back, one try after the other.
register_search.windows = { 16, 64, 256 }

-- The values of the register by number: the text of each. A register that has none is null.
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
-- and then has `to`; `effect` is a name for both. Nil for one that says nothing.
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
  entry.effect = (entry.from or 0) << 32 | entry.to
  return entry
end

-- The kinds of indefinite operations. `since` has the steps from which on there are one, two, .. of
-- it.
local function note_indefinite(kinds, entry, step)
  local kind = kinds.by_effect[entry.effect]
  if not kind then
    kind = { number = #kinds + 1, from = entry.from, to = entry.to, effect = entry.effect,
      since = {}, ops = {} }
    kinds.by_effect[entry.effect] = kind
    kinds[kind.number] = kind
  end
  kind.since[#kind.since + 1] = step
  kind.ops[#kind.ops + 1] = entry.op
end

-- Copies of a list with an entry more or less: the lists of earlier steps stay as they are. What
-- ends first is first.
local function with(list, entry)
  local copy = table.move(list, 1, #list, 1, {})
  local i = #copy
  while i > 0 and copy[i].op.complete_index > entry.op.complete_index do
    copy[i + 1] = copy[i]
    i = i - 1
  end
  copy[i + 1] = entry
  return copy
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

-- The events of the operations that matter, in the order of time: the entries that begin or end.
local function list_events(ops, states)
  local entry_at, indices = {}, {}
  for _, op in ipairs(ops) do
    local entry = new_entry(op, states)
    if entry then
      entry_at[op.invoke_index] = entry
      indices[#indices + 1] = op.invoke_index
      if entry.is_definite then
        entry_at[op.complete_index] = entry
        indices[#indices + 1] = op.complete_index
      end
    end
  end
  table.sort(indices)
  local events = {}
  for i, index in ipairs(indices) do
    events[i] = { entry = entry_at[index], is_end = index ~= entry_at[index].op.invoke_index }
  end
  return events
end

-- Turns the history of a register into steps, one for each end of an operation: that operation, and
-- the reads and the changes that are open then, itself included.
local function prepare(ops)
  local states = { ids = { null = NOTHING }, texts = { "null" } }
  local kinds = { by_effect = {} }
  local steps, reads, changes, free_slots, slots = {}, {}, {}, {}, 0
  for _, event in ipairs(list_events(ops, states)) do
    local entry = event.entry
    if event.is_end then
      steps[#steps + 1] = { entry = entry, reads = reads, changes = changes }
      reads = entry.is_read and without(reads, entry) or reads
      changes = entry.is_read and changes or without(changes, entry)
      free_slots[#free_slots + 1] = entry.slot
    elseif entry.is_definite then
      slots = free_slots[1] and slots or slots + 1
      entry.slot = table.remove(free_slots) or slots
      reads = entry.is_read and with(reads, entry) or reads
      changes = entry.is_read and changes or with(changes, entry)
    else
      note_indefinite(kinds, entry, #steps + 1)
    end
  end
  return {
    states = states, kinds = kinds, steps = steps, sets = multisets.new(), uses = multisets.new(),
  }
end

-- A configuration is a table
--
--   k         the step that cannot be passed before something takes effect
--   state     the number of the register's value
--   done      the slots of open operations that have taken effect
--   used      the kinds of indefinite operations that have
--   setter    the operation that gave the register its value
--   options   what may take effect now; the first `tried` of them did

local Search = {}
Search.__index = Search

-- A search for a way beyond the step `last`.
local function new_search(problem, last)
  return setmetatable({
    problem = problem, last = last, stack = {}, visited = {}, configurations = 0,
    furthest = 0, reached = {},
  }, Search)
end

-- Whether a configuration is worth a visit. Notes that it had one.
function Search:is_new(c)
  local visited = self.visited[c.k] or {}
  self.visited[c.k] = visited
  local key = c.done * (#self.problem.states.texts + 1) + c.state
  local list = visited[key] or {}
  visited[key] = list
  for _, used in ipairs(list) do
    if self.problem.uses:is_within(used, c.used) then
      return false
    end
  end
  list[#list + 1] = c.used
  return true
end

-- The ways to go on from a configuration, the most promising first: open operations, what ends
-- first first, and kinds of indefinite ones. Of those that do the same only the first is one.
function Search:options(c)
  local step, state = self.problem.steps[c.k], c.state
  local goal, done = step.entry, self.problem.sets.counts[c.done]
  local used = self.problem.uses.counts[c.used]
  local likely, others, offered = {}, {}, {}
  local function offer(option)
    if not offered[option.effect] and (not option.from or option.from == state) then
      offered[option.effect] = true
      local list = goal.is_read and option.to == goal.to and likely or others
      list[#list + 1] = option
    end
  end
  for _, entry in ipairs(step.changes) do
    if not done[entry.slot] then
      offer(entry)
    end
  end
  for _, kind in ipairs(self.problem.kinds) do
    local since = kind.since[(used[kind.number] or 0) + 1]
    if since and since <= c.k and kind.to ~= state then
      offer(kind)
    end
  end
  return table.move(others, 1, #others, #likely + 1, likely)
end

-- Keeps what was known at the furthest step: the values that the register may have had, and what
-- gave it each.
function Search:note(c)
  if c.k > self.furthest then
    self.furthest, self.reached = c.k, {}
  end
  if c.k == self.furthest then
    for _, reached in ipairs(self.reached) do
      if reached.state == c.state then
        return
      end
    end
    self.reached[#self.reached + 1] = c
  end
end

-- Goes on from a configuration to the next step that has a choice, and puts that on the stack.
function Search:visit(c)
  local sets, steps = self.problem.sets, self.problem.steps
  while true do
    if c.k > self.last then
      self.is_through = true
      return
    end
    local step = steps[c.k]
    for _, read in ipairs(step.reads) do
      if read.to == c.state and not sets.counts[c.done][read.slot] then
        c.done = sets:add(c.done, read.slot)
      end
    end
    local slot = step.entry.slot
    if not sets.counts[c.done][slot] then
      break
    end
    c.done = sets:remove(c.done, slot)
    c.k = c.k + 1
  end
  if self:is_new(c) then
    self.configurations = self.configurations + 1
    self:note(c)
    c.options, c.tried = self:options(c), 0
    self.stack[#self.stack + 1] = c
  end
end

-- The configuration after an operation, or one of a kind, took effect.
function Search:after(c, option)
  local next_c = { k = c.k, state = option.to, done = c.done, used = c.used, setter = c.setter }
  if option.slot then
    next_c.done = self.problem.sets:add(c.done, option.slot)
  else
    next_c.used = self.problem.uses:add(c.used, option.number)
  end
  if next_c.state ~= c.state then
    next_c.setter = option.op
      or option.ops[self.problem.uses.counts[next_c.used][option.number]]
  end
  return next_c
end

-- Searches until so many configurations have been visited. Returns whether there is a way through,
-- or nil when that is not decided yet.
function Search:run(limit)
  local stack = self.stack
  while not self.is_through do
    local c = stack[#stack]
    if not c then
      return false
    elseif self.configurations >= limit then
      return nil
    end
    c.tried = c.tried + 1
    local option = c.options[c.tried]
    if option then
      self:visit(self:after(c, option))
    else
      stack[#stack] = nil
    end
  end
  return true
end

-- A search from step k on that begins with every configuration that there can be and some more; or
-- nil when these are too many. A read that has taken effect leaves no less possible than one that
-- has not, and so does an indefinite operation that has not rather than has.
local function search_from_anything(problem, k, last)
  local changes, sets = problem.steps[k].changes, problem.sets
  if #changes > OPEN_MOST then
    return nil
  end
  local search = new_search(problem, last)
  local done = EMPTY
  for _, read in ipairs(problem.steps[k].reads) do
    done = sets:add(done, read.slot)
  end
  local choices = { done }
  for _, change in ipairs(changes) do
    for i = 1, #choices do
      choices[#choices + 1] = sets:add(choices[i], change.slot)
    end
  end
  for state = 1, #problem.states.texts do
    for _, choice in ipairs(choices) do
      search:visit({ k = k, state = state, done = choice, used = EMPTY })
    end
  end
  return search
end

-- Tries to prove that there is no way beyond the step `last`. Returns the search that did, or nil;
-- and the number of configurations that it took.
local function prove(problem, last, limit)
  local configurations = 0
  for _, window in ipairs(register_search.windows) do
    local k = last - window
    local search = k > 1 and search_from_anything(problem, k, last)
    local verdict = search and search:run(limit - configurations)
    configurations = configurations + (search and search.configurations or 0)
    if verdict == false then
      return search, configurations
    elseif verdict == nil then
      break
    end
  end
  return nil, configurations
end

-- What stopped a search: the operation that cannot have taken effect by its end, what the register
-- may have been by then, and what else could have changed it.
local function describe_obstacle(search)
  local problem = search.problem
  local step = problem.steps[search.furthest]
  local states, open = {}, {}
  for i, reached in ipairs(search.reached) do
    states[i] = { text = problem.states.texts[reached.state], op = reached.setter }
  end
  for _, entry in ipairs(step.changes) do
    if entry ~= step.entry then
      open[#open + 1] = entry.op
    end
  end
  for _, kind in ipairs(problem.kinds) do
    for i, since in ipairs(kind.since) do
      if since <= search.furthest then
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
-- @treturn boolean|string whether there is an order that explains them; "unknown" when the budget
--   is used up
-- @treturn integer configurations visited
-- @treturn table where there is no order, why: `op`, the first to end of which everything that
--   ended before can be explained and it cannot; `states`, the values that the register may have
--   had until then, as {text, op}, with the operation that gave it each; `open`, operations that
--   may have changed it just then: under way, or of unknown outcome
function register_search.run(ops, budget)
  local problem = prepare(ops)
  local search = new_search(problem, #problem.steps)
  search:visit({ k = 1, state = NOTHING, done = EMPTY, used = EMPTY })
  local limit, spent = #problem.steps + register_search.patience, 0
  while true do
    local verdict = search:run(math.min(limit, budget - spent))
    local total = search.configurations + spent
    if verdict ~= nil then
      return verdict, total, verdict == false and describe_obstacle(search) or nil
    elseif total >= budget then
      return "unknown", total
    end
    local proof, cost = prove(problem, search.furthest, math.min(limit, budget - total))
    spent = spent + cost
    if proof then
      return false, total + cost, describe_obstacle(proof)
    end
    limit = limit * 2
  end
end

return register_search
