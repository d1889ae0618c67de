--- What went wrong in a run, each case with the operations that prove it.
--
-- Checkers describe an operation by its process and the place of its beginning or end (`index`)
-- among all events, or the time of one of them, wherever in a case they do. So one walk over a case
-- of any workload finds the operations that it names.
-- @module sim.report.anomalies

local convergence = require "sim.words.convergence"
local format = require "sim.format"
local json = require "hearsay.json"
local sorted = require "hearsay.sorted"
local value = require "sim.checkers.value"
local words = require "sim.words"

local anomalies = {}

local PROBLEMS = 20 -- of the nodes that are shown
local PROOFS = 12 -- operations of one case
local TEXT = 120 -- columns of what an operation was given, or answered

-- What an operation has to do with a case, by the key under which the case has it. Those that are
-- `wrong` are what must not be, the others why.
local ROLES = {
  known = { "known" },
  ["last-present"] = { "the last that shows it" },
  ["last-absent"] = { "misses it", wrong = true },
  read = { "shows it more than once", wrong = true },
  writer = { "sent it" },
  reader = { "shows it", wrong = true },
  ["max-read"] = { "got further" },
  ["given-by"] = { "gave it" },
  ["overwritten-by"] = { "replaced that" },
  op = { "cannot be", wrong = true },
  ops = {},
}

-- The keys under which checkers have the time of an event of an operation, in nanoseconds.
local TIMES = { "time", "invoke-time", "complete-time" }

-- Finds the place of an operation in the history.
local function finder(history)
  local by_index, by_time = {}, {}
  for i, op in ipairs(history) do
    by_index[op.invoke_index], by_index[op.complete_index or -1] = i, i
    by_time[("%d %d"):format(op.process, op.invoke_us)] = i
    by_time[("%d %d"):format(op.process, op.complete_us or -1)] = i
  end
  return function(event)
    local place = math.type(event.index) == "integer" and by_index[event.index]
    for _, key in ipairs(TIMES) do
      local ns = event[key]
      place = place or ns and by_time[("%d %d"):format(event.process, ns // 1000)]
    end
    return place
  end
end

-- Puts the operations that a case names into a table: place to its role, see ROLES. Those of a
-- list of transactions are called T1, T2, .., as in the explanation; of other lists the last is the
-- one that cannot be after those before it.
local function collect(case, find, found, role)
  if type(case) ~= "table" then
    return
  end
  local place = math.type(case.process) == "integer" and find(case)
  if place then
    found[place] = found[place] or role or {}
  elseif value.is_array(case) then
    for i, element in ipairs(case) do
      local is_txn = type(element) == "table" and element.f == "txn"
      local is_end = role == ROLES.ops and i == #case
      collect(element, find, found, is_txn and { "T" .. i } or is_end and { wrong = true } or role)
    end
  else
    for _, key in ipairs(sorted.keys(case)) do
      collect(case[key], find, found, ROLES[key] or role)
    end
  end
end

-- The micro-operations of a transaction: "r 7 = 3, append 7 4".
local function txn_text(list)
  local parts = {}
  for i, micro in ipairs(list) do
    local what = micro[1] .. " " .. value.text(micro[2])
    local v = type(micro[3]) ~= "userdata" and micro[3]
    parts[i] = v and what .. (micro[1] == "append" and " " or " = ") .. value.text(v)
      or micro[1] == "r" and what .. " = nothing" or what
  end
  return format.cut(table.concat(parts, ", "), TEXT)
end

-- A long list is told by its length: nobody reads a thousand numbers.
local function text_of(v)
  if type(v) == "table" and value.is_array(v) and #v > 20 then
    return format.count(#v, "value")
  end
  return v == nil and "" or format.cut(value.text(v), TEXT)
end

-- What an operation was given. Where it is about a key, that comes first, and then the rest.
local function given_text(op)
  local v = op.value
  if op.f == "txn" then
    return txn_text(op.outcome == "ok" and op.result or v)
  elseif type(v) ~= "table" or v.key == nil then
    return text_of(v)
  end
  local key, parts = value.text(v.key), { "" }
  for _, name in ipairs(sorted.keys(v)) do
    parts[#parts + 1] = name ~= "key" and name .. " " .. text_of(v[name]) or nil
  end
  return format.cut("key " .. key .. table.concat(parts, ", "), TEXT)
end

-- What a reply carried; where it is an object, what it has for the key that the case is about.
local function answer_text(result, key)
  local part = type(result) == "table" and type(key) == "string" and result[key]
  return part and text_of(part) or text_of(result)
end

-- Where an operation is, and what it was given and answered. A transaction is answered with
-- itself.
local function proof(history, place, role, key)
  local op = history[place]
  local answered = ""
  if op.outcome == "ok" and op.f ~= "txn" and op.result ~= true then
    answered = answer_text(op.result, key)
  end
  return { op = place - 1, given = given_text(op),
    answered = op.error and op.error.name or answered, role = role[1], wrong = role.wrong }
end

local function proofs(history, case, find)
  local found, list = {}, json.array({})
  collect(case, find, found)
  local places = sorted.keys(found)
  for i = 1, math.min(PROOFS, #places) do
    list[i] = proof(history, places[i], found[places[i]], case.key)
  end
  return list
end

--- Lists them, as the screen tells of them.
-- @tparam table run see sim.stored
-- @treturn table list of cases: `label` (perhaps ""), `texts`, and `proofs`, a list of `op` (place
--   in the history, from 0), `given`, `answered`, and perhaps `role` and `wrong`; no label means
--   the one before
function anomalies.list(run)
  local results, phrases, cases = run.results, words[run.workload], json.array({})
  local find = finder(run.history)
  local page, last, is_noting = {}, nil, false
  function page.row(_, label, text, color, case)
    if is_noting and not color then
      return -- a figure, which the page has elsewhere; what is odd is told in a colour
    end
    if case == nil or case ~= last then
      cases[#cases + 1] = { label = label, texts = json.array({}),
        proofs = proofs(run.history, case, find) }
    end
    last = case
    table.insert(cases[#cases].texts, text)
  end
  if results.workload["valid?"] == false then
    phrases.explain(results.workload, page)
  end
  if results.converged and results.converged["valid?"] == false then
    convergence.explain(results.converged, page)
  end
  for i, problem in ipairs(results.exceptions.exceptions) do
    if i <= PROBLEMS then
      page:row(i == 1 and "Nodes" or "", ("%s at %s: %s"):format(problem.node,
        format.seconds(problem.time), problem.text))
    end
  end
  is_noting = true
  if phrases.note and not results.workload.error then
    phrases.note(results.workload, page)
  end
  return cases
end

return anomalies
