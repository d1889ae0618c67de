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
--   - An open read takes effect as soon as the register has its value: this never does harm. So of
--     the open reads of a value those that were invoked first have, and their number is all that
--     is to be known.
--   - Of open operations that do the same the one that ends first takes effect first, before
--     indefinite ones. Of those only the number that have is known, for each kind that does the
--     same; and one takes effect only where it changes something.
--   - A configuration is also passed over when one was visited that differs from it only in that
--     more reads and fewer indefinite operations had taken effect: whatever follows from the one
--     follows from the other.
--   - Where there is an order the search is soon through, but to find that there is none it must
--     try everything, from the beginning on. So when it has come no further for long, it tries to
--     prove that nothing comes further: by a search that begins some steps before, with every value
--     and every choice of open operations as if all were possible, and with no indefinite one used
--     up.
--
-- Sets of open operations, by slot, and numbers of reads and of indefinite operations, by value and
-- by kind, are interned multisets. A history of 10,000 operations, ten at a time, takes less than
-- 0.1 s.
-- @module sim.checkers.register_search

local multisets = require "sim.checkers.multisets"
local register_steps = require "sim.checkers.register_steps"

local register_search = {}

local EMPTY = multisets.EMPTY
local OPEN_MOST = 8 -- changes that may be open where a proof begins: it tries all their subsets

--- Configurations that are visited, beyond one a step, before a proof is tried.
register_search.patience = 1000
--- How many steps a proof looks back, one try after the other.
register_search.windows = { 16, 64, 256 }

-- A configuration is a table
--
--   k         the step that cannot be passed before something takes effect
--   state     the number of the register's value
--   done      the slots of open changes that have taken effect
--   seen      the values of open reads that have
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
  local problem = self.problem
  local visited = self.visited[c.k] or {}
  self.visited[c.k] = visited
  local key = c.done * (#problem.texts + 1) + c.state
  local list = visited[key] or {}
  visited[key] = list
  for i = 1, #list, 2 do
    if problem.seen:is_within(c.seen, list[i]) and problem.used:is_within(list[i + 1], c.used) then
      return false
    end
  end
  list[#list + 1], list[#list + 2] = c.seen, c.used
  return true
end

-- The ways to go on from a configuration, the most promising first: open operations, what ends
-- first first, and kinds of indefinite ones. Of those that do the same only the first is one.
function Search:options(c)
  local step, state = self.problem.steps[c.k], c.state
  local goal, done = step.entry, self.problem.done.counts[c.done]
  local used = self.problem.used.counts[c.used]
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

-- Lets the open reads of the register's value take effect. Returns whether the operation that ends
-- has; then what ends is forgotten.
local function pass(problem, c)
  local seen, step = problem.seen, problem.steps[c.k]
  for _ = (seen.counts[c.seen][c.state] or 0) + 1, step.reads[c.state] or 0 do
    c.seen = seen:add(c.seen, c.state)
  end
  local entry = step.entry
  if entry.is_read then
    if (seen.counts[c.seen][entry.to] or 0) < step.rank then
      return false
    end
    c.seen = seen:remove(c.seen, entry.to)
  else
    if not problem.done.counts[c.done][entry.slot] then
      return false
    end
    c.done = problem.done:remove(c.done, entry.slot)
  end
  return true
end

-- Goes on from a configuration to the next step that has a choice, and puts that on the stack.
function Search:visit(c)
  while c.k <= self.last and pass(self.problem, c) do
    c.k = c.k + 1
  end
  if c.k > self.last then
    self.is_through = true
  elseif self:is_new(c) then
    self.configurations = self.configurations + 1
    self:note(c)
    c.options, c.tried = self:options(c), 0
    self.stack[#self.stack + 1] = c
  end
end

-- The configuration after an operation, or one of a kind, took effect.
function Search:after(c, option)
  local problem = self.problem
  local next_c = {
    k = c.k, state = option.to, done = c.done, seen = c.seen, used = c.used, setter = c.setter,
  }
  if option.slot then
    next_c.done = problem.done:add(c.done, option.slot)
  else
    next_c.used = problem.used:add(c.used, option.number)
  end
  if next_c.state ~= c.state then
    next_c.setter = option.op or option.ops[problem.used.counts[next_c.used][option.number]]
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
  local step = problem.steps[k]
  if #step.changes > OPEN_MOST then
    return nil
  end
  local search, choices, seen = new_search(problem, last), { EMPTY }, EMPTY
  for _, change in ipairs(step.changes) do
    for i = 1, #choices do
      choices[#choices + 1] = problem.done:add(choices[i], change.slot)
    end
  end
  for state = 1, #problem.texts do
    for _ = 1, step.reads[state] or 0 do
      seen = problem.seen:add(seen, state)
    end
  end
  for state = 1, #problem.texts do
    for _, done in ipairs(choices) do
      search:visit({ k = k, state = state, done = done, seen = seen, used = EMPTY })
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
    states[i] = { text = problem.texts[reached.state], op = reached.setter }
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
-- @treturn table where there is no order, why: `op`, the first to end that cannot be explained,
--   while all that ended before can; `states`, the values that the register may have had until
--   then, as {text, op}, with the operation that gave it each; `open`, operations that may have
--   changed it just then: under way, or of unknown outcome
function register_search.run(ops, budget)
  local steps, texts, kinds = register_steps.new(ops)
  local problem = {
    steps = steps, texts = texts, kinds = kinds,
    done = multisets.new(), seen = multisets.new(), used = multisets.new(),
  }
  local search = new_search(problem, #steps)
  search:visit({ k = 1, state = register_steps.NOTHING, done = EMPTY, seen = EMPTY, used = EMPTY })
  local limit, spent = #steps + register_search.patience, 0
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
