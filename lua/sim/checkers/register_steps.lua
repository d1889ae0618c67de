--- The history of one register as sim.checkers.register_search goes through it: a step for each end
-- of an operation that was answered.
--
-- A step is a table
--
--   entry     the operation that ends
--   changes   the writes and compare-and-sets that are open then, what ends first first
--   reads     how many reads are open of each value
--   rank      where a read ends: its place among the open reads of its value, as they were invoked
--
-- Entries are operations as the search sees them: the register must have `from`, any value where
-- that is missing, and then has `to`; `effect` is a name for both, `op` the operation itself. An
-- open change has a `slot`, a small integer that no other has at the same time. Values are numbers.
-- @module sim.checkers.register_steps

local value = require "sim.checkers.value"

local register_steps = {}

--- The number of the value of a register that has none, which is null.
register_steps.NOTHING = 1

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

-- Nil for an operation that says nothing.
local function new_entry(op, states)
  local args, entry = op.value, { op = op, is_definite = op.outcome == "ok" }
  if op.outcome == "fail" or op.f == "read" and not entry.is_definite then
    return nil
  elseif op.f == "read" then
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

-- The entries that begin or end, in the order of time.
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

-- Copies of what is open with an entry more or less: that of earlier steps stays as it is.

local function with_change(changes, entry)
  local copy = table.move(changes, 1, #changes, 1, {})
  local i = #copy
  while i > 0 and copy[i].op.complete_index > entry.op.complete_index do
    copy[i + 1] = copy[i]
    i = i - 1
  end
  copy[i + 1] = entry
  return copy
end

local function without_change(changes, entry)
  local rest = {}
  for _, other in ipairs(changes) do
    if other ~= entry then
      rest[#rest + 1] = other
    end
  end
  return rest
end

local function with_reads(reads, state, count)
  local copy = { [state] = count }
  for other, other_count in pairs(reads) do
    copy[other] = copy[other] or other_count
  end
  return copy
end

--- Turns a history into steps.
-- @tparam {operation,...} ops on one register, see sim.checkers.register_search
-- @treturn {table,...} steps
-- @treturn {string,...} the values' texts by number
-- @treturn {table,...} the kinds of operations of unknown outcome, one for each effect: {number,
--   from, to, effect, ops}; and `since`, the steps from which on there are one, two, .. of it
function register_steps.new(ops)
  local states = { ids = { null = register_steps.NOTHING }, texts = { "null" } }
  local kinds, steps = { by_effect = {} }, {}
  local changes, free_slots, slots = {}, {}, 0
  local reads, lists = {}, {} -- lists: the open reads of each value as they were invoked
  for _, event in ipairs(list_events(ops, states)) do
    local entry = event.entry
    if not entry.is_definite then
      note_indefinite(kinds, entry, #steps + 1)
    elseif entry.is_read then
      local list = lists[entry.to] or {}
      lists[entry.to] = list
      if event.is_end then
        local rank = 1
        while list[rank] ~= entry do
          rank = rank + 1
        end
        steps[#steps + 1] = { entry = entry, rank = rank, reads = reads, changes = changes }
        table.remove(list, rank)
      else
        list[#list + 1] = entry
      end
      reads = with_reads(reads, entry.to, #list)
    elseif event.is_end then
      steps[#steps + 1] = { entry = entry, reads = reads, changes = changes }
      changes = without_change(changes, entry)
      free_slots[#free_slots + 1] = entry.slot
    else
      slots = free_slots[1] and slots or slots + 1
      entry.slot = table.remove(free_slots) or slots
      changes = with_change(changes, entry)
    end
  end
  return steps, states.texts, kinds
end

return register_steps
