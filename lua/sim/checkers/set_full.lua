--- Whether what was added to a set stays there: Jepsen's set-full, by which broadcast and g-set
-- are judged.
--
-- For each element three moments matter. It is *known* when its add completed or the first read
-- that shows it did, whichever came first. The *last present* and the *last absent* read are those
-- invoked last among the reads that show it, and among those that miss it and completed after its
-- add was invoked. Then it is
--
--   - stable when the last present read was invoked after the last absent one. Its stable latency
--     is the time from known to the invocation of the last absent read, 0 when that is not later.
--   - lost when it is known, and the last absent read was invoked after it was known and after the
--     last present read.
--   - never read otherwise: nobody looked since.
--
-- One lost element, or one that is twice in one read, makes the run invalid. Where no add was
-- acknowledged, or nothing is stable, it is unknown. Stale elements (a stable latency above 0) are
-- legal, and so are elements that nobody added: they are listed as unexpected.
--
-- Reads are visited in the order of their invocation, so that the last write to last_present or
-- last_absent wins, and their elements once each. The misses of a read are found by counting: when
-- all elements that were added so far are in it there are none, and otherwise they are looked for
-- from the newest down, since these are the ones that a read usually misses. About 0.1 us an
-- element of a read.
-- @module sim.checkers.set_full

local stats = require "sim.stats"
local value = require "sim.checkers.value"

local set_full = {}

local ADDS = { add = true, broadcast = true } -- the operations that add their value
local DETAILED = 8 -- worst elements that are described one by one, as in Jepsen

-- A map from JSON values. Most are their own key; floats and tables go by their text, since 1.0
-- would be the same key as 1, and two tables never are.
local function new_map()
  return { direct = {}, texts = {} }
end

local function slot(map, v)
  if math.type(v) == "float" or type(v) == "table" then
    return map.texts, value.text(v)
  end
  return map.direct, v
end

local function get(map, v)
  local side, key = slot(map, v)
  return side[key]
end

local function put(map, v, entry)
  local side, key = slot(map, v)
  side[key] = entry
end

-- What was added, in the order of the first invocation of its add, in arrays by position.
--
--   value, add_index           of the add
--   known_index, known_op      its completion, or of the first read that shows it; index math.huge
--   last_present, last_absent  positions in the list of reads, 0 for none
--   ids                        a map from the value to the position
local function collect_elements(history)
  local elements = {
    value = {}, add_index = {}, known_index = {}, known_op = {},
    last_present = {}, last_absent = {}, ids = new_map(), acknowledged = 0,
  }
  local was_acknowledged = {}
  for _, op in ipairs(history) do
    if ADDS[op.f] then
      local id = get(elements.ids, op.value)
      if not id then
        id = #elements.value + 1
        put(elements.ids, op.value, id)
        elements.value[id] = op.value
        elements.add_index[id] = op.invoke_index
        elements.known_index[id] = math.huge
        elements.last_present[id] = 0
        elements.last_absent[id] = 0
      end
      if op.outcome == "ok" then
        if op.complete_index < elements.known_index[id] then
          elements.known_index[id] = op.complete_index
          elements.known_op[id] = op
        end
        if not was_acknowledged[id] then
          was_acknowledged[id] = true
          elements.acknowledged = elements.acknowledged + 1
        end
      end
    end
  end
  return elements
end

-- How many elements had been invoked before an event.
local function count_before(add_index, index)
  local low, high = 0, #add_index
  while low < high do
    local middle = (low + high + 1) // 2
    if add_index[middle] < index then
      low = middle
    else
      high = middle - 1
    end
  end
  return low
end

-- Values with an entry of their own: `map` finds it, `list` has them as they came.
local function new_notes()
  return { map = new_map(), list = {} }
end

local function note(notes, v)
  local entry = get(notes.map, v)
  if not entry then
    entry = { element = v, count = 0 }
    put(notes.map, v, entry)
    notes.list[#notes.list + 1] = entry
  end
  return entry
end

-- Counts how often each value is in a read, where one is there twice. Keeps the worst read of each.
local function note_duplicates(duplicates, read)
  local times = new_notes()
  for _, v in ipairs(read.result) do
    local entry = note(times, v)
    entry.count = entry.count + 1
  end
  for _, entry in ipairs(times.list) do
    if entry.count > 1 then
      local worst = note(duplicates, entry.element)
      if entry.count > worst.count then
        worst.count = entry.count
        worst.read = read
      end
    end
  end
end

-- Takes a value that is not an element that was added before the read completed. Returns whether
-- it is in this read for the second time.
local function note_unexpected(unexpected, v, read)
  local entry = note(unexpected, v)
  local twice = entry.read == read
  entry.read = read
  return twice
end

local function visit_reads(reads, elements, duplicates, unexpected)
  local math_type = math.type
  local direct, texts = elements.ids.direct, elements.ids.texts
  local known_index, known_op = elements.known_index, elements.known_op
  local last_present, last_absent = elements.last_present, elements.last_absent
  for r, read in ipairs(reads) do
    local values, complete_index = read.result, read.complete_index
    local active = count_before(elements.add_index, complete_index)
    local present, twice = 0, false
    for i = 1, #values do
      local v = values[i]
      local id
      if math_type(v) ~= "float" then
        id = direct[v]
      end
      if not id and next(texts) then
        id = get(elements.ids, v)
      end
      if not id or id > active then
        twice = note_unexpected(unexpected, v, read) or twice
      elseif last_present[id] == r then
        twice = true
      else
        last_present[id] = r
        present = present + 1
        if complete_index < known_index[id] then
          known_index[id] = complete_index
          known_op[id] = read
        end
      end
    end
    local missing, id = active - present, active
    while missing > 0 do
      if last_present[id] ~= r then
        last_absent[id] = r
        missing = missing - 1
      end
      id = id - 1
    end
    if twice then
      note_duplicates(duplicates, read)
    end
  end
end

-- An event of an operation as results describe it, with Jepsen's names. Times are nanoseconds.
local function describe_event(op, completed)
  return op and {
    process = op.process,
    node = op.node,
    f = op.f,
    type = completed and op.outcome or "invoke",
    index = completed and op.complete_index or op.invoke_index,
    time = (completed and op.complete_us or op.invoke_us) * 1000,
  }
end

-- Milliseconds from when an element was known to an event of a read, rounded down as Jepsen does.
local function latency_ms(known_op, read)
  return read and math.max(0, (read.invoke_us - known_op.complete_us) // 1000) or 0
end

local function judge_element(elements, id, reads)
  local last_present = reads[elements.last_present[id]]
  local last_absent = reads[elements.last_absent[id]]
  local known_op = elements.known_op[id]
  local verdict = {
    element = elements.value[id],
    outcome = "never-read",
    known = known_op,
    last_absent = last_absent,
    last_present = last_present,
  }
  if elements.last_present[id] > elements.last_absent[id] then
    verdict.outcome = "stable"
    verdict.stable_latency = latency_ms(known_op, last_absent)
  elseif last_absent and elements.known_index[id] < last_absent.invoke_index then
    verdict.outcome = "lost"
    verdict.lost_latency = latency_ms(known_op, last_present)
  end
  return verdict
end

local function describe_verdict(verdict)
  return {
    element = verdict.element,
    outcome = verdict.outcome,
    ["stable-latency"] = verdict.stable_latency,
    ["lost-latency"] = verdict.lost_latency,
    known = describe_event(verdict.known, true),
    ["last-absent"] = describe_event(verdict.last_absent),
    ["last-present"] = describe_event(verdict.last_present),
  }
end

local function element_before(a, b)
  return value.before(a.element, b.element)
end

local function describe_worst(verdicts, before)
  local ordered = table.move(verdicts, 1, #verdicts, 1, {})
  table.sort(ordered, function(a, b)
    if before(a, b) or before(b, a) then
      return before(a, b)
    end
    return element_before(a, b)
  end)
  local worst = value.array({})
  for i = 1, math.min(DETAILED, #ordered) do
    worst[i] = describe_verdict(ordered[i])
  end
  return worst
end

local function elements_of(verdicts)
  local list = value.array({})
  for i, verdict in ipairs(verdicts) do
    list[i] = verdict.element
  end
  table.sort(list, value.before)
  return list
end

local function describe_duplicates(duplicates)
  local counts, worst = {}, value.array({})
  table.sort(duplicates, function(a, b)
    if a.count ~= b.count then
      return a.count > b.count
    end
    return element_before(a, b)
  end)
  for i, entry in ipairs(duplicates) do
    counts[value.text(entry.element)] = entry.count
    if i <= DETAILED then
      worst[i] = {
        element = entry.element,
        count = entry.count,
        read = describe_event(entry.read, true),
      }
    end
  end
  return counts, worst
end

local function never_added(unexpected, elements)
  local list = {}
  for _, entry in ipairs(unexpected) do
    if not get(elements.ids, entry.element) then
      list[#list + 1] = entry
    end
  end
  return elements_of(list)
end

--- Judges a history.
-- @tparam {operation,...} history in the order of invocation: "add" or "broadcast", whose value is
--   the element, and "read", whose result, when it is ok, is the array of elements it showed
-- @treturn table the result, with Jepsen's keys and its units (milliseconds; times of events in
--   nanoseconds) and besides: acknowledged-count; worst-lost and worst-duplicated, up to eight
--   each in detail as in worst-stale; unexpected, what reads show and nobody added
-- @treturn table `stable_latencies`: those of all stable elements in milliseconds; `known_us`: when
--   each of these was known
function set_full.check(history)
  local elements = collect_elements(history)
  local reads = {}
  for _, op in ipairs(history) do
    if op.f == "read" and op.outcome == "ok" then
      reads[#reads + 1] = op
    end
  end
  local duplicates, unexpected = new_notes(), new_notes()
  visit_reads(reads, elements, duplicates, unexpected)

  local stable, stale, lost, never_read = {}, {}, {}, {}
  local stable_latencies, lost_latencies, known_us = {}, {}, {}
  for id = 1, #elements.value do
    local verdict = judge_element(elements, id, reads)
    if verdict.outcome == "stable" then
      stable[#stable + 1] = verdict
      stable_latencies[#stable] = verdict.stable_latency
      known_us[#stable] = verdict.known.complete_us
      if verdict.stable_latency > 0 then
        stale[#stale + 1] = verdict
      end
    elseif verdict.outcome == "lost" then
      lost[#lost + 1] = verdict
      lost_latencies[#lost] = verdict.lost_latency
    else
      never_read[#never_read + 1] = verdict
    end
  end

  local duplicated, worst_duplicated = describe_duplicates(duplicates.list)
  local strangers = never_added(unexpected.list, elements)
  local valid = true
  if #lost > 0 or #duplicates.list > 0 then
    valid = false
  elseif elements.acknowledged == 0 or #stable == 0 then
    valid = "unknown"
  end
  local result = {
    ["valid?"] = valid,
    ["attempt-count"] = #elements.value,
    ["acknowledged-count"] = elements.acknowledged,
    ["stable-count"] = #stable,
    ["lost-count"] = #lost,
    lost = elements_of(lost),
    ["worst-lost"] = describe_worst(lost, function(a, b)
      return a.known.complete_index < b.known.complete_index
    end),
    ["never-read-count"] = #never_read,
    ["never-read"] = elements_of(never_read),
    ["stale-count"] = #stale,
    stale = elements_of(stale),
    ["worst-stale"] = describe_worst(stale, function(a, b)
      return a.stable_latency > b.stable_latency
    end),
    ["duplicated-count"] = #duplicates.list,
    duplicated = duplicated,
    ["worst-duplicated"] = worst_duplicated,
    ["unexpected-count"] = #strangers,
    unexpected = strangers,
    ["stable-latencies"] = stats.distribution(stable_latencies),
    ["lost-latencies"] = stats.distribution(lost_latencies),
  }
  return result, { stable_latencies = stable_latencies, known_us = known_us }
end

return set_full
