-- Writes histories of transactions for the specs of their checkers, a line each:
--
--     local txns = dofile("tests/lua/txn_history.lua")
--     local history = txns.history("registers", [[
--       wx1 wy2            all at the same time, unless the line says when
--       rx_ ry2 | 5-8      from 5 to 8 ms
--       rx1 wx3 | 5-8 p2   by process 2; otherwise each line is a process of its own
--       wx4 | fail         or info, or open: never completed
--     ]])
--
-- wx1: write 1 to x. ax1: append 1 to x. rx12: read 12 from the register x, or [1, 2] from the list
-- x. rx_: read nothing. rx?: a read whose result nobody knows.

local json = require "hearsay.json"
local list_versions = require "sim.checkers.txn.list_versions"
local register_versions = require "sim.checkers.txn.register_versions"
local txn = require "sim.checkers.txn"

local txns = {}

local versions = { registers = register_versions, lists = list_versions }

local function parse_value(kind, f, text)
  if text == "_" or text == "?" then
    return json.null
  elseif kind == "lists" and f == "r" then
    local list = json.array({})
    for digit in text:gmatch("%d") do
      list[#list + 1] = math.tointeger(digit)
    end
    return list
  end
  return math.tointeger(text)
end

local function parse_operations(kind, text, is_result)
  local names, list = { r = "r", w = "w", a = "append" }, {}
  for letter, key, v in text:gmatch("([rwa])(%a)([%d_?]*)") do
    local f = names[letter]
    local known = is_result or f ~= "r"
    list[#list + 1] = { f, key, known and parse_value(kind, f, v) or json.null }
  end
  return list
end

-- The operations of a text, in the order of their invocation.
function txns.history(kind, text)
  local ops, events = {}, {}
  for line in text:gmatch("[^\n]+") do
    local what, how = line:match("^%s*([^|]-)%s*|%s*(.-)%s*$")
    what, how = what or line, how or ""
    if what:find("%S") then
      local from, to = how:match("(%d+)%-(%d+)")
      local process = tonumber(how:match("p(%d+)") or #ops + 100)
      local outcome = how:match("fail") or how:match("info") or (how:match("open") or "ok")
      local op = {
        process = process, worker = process, node = "n" .. process, f = "txn",
        value = parse_operations(kind, what, false), outcome = outcome ~= "open" and outcome or nil,
        invoke_us = (tonumber(from) or 0) * 1000,
        result = outcome == "ok" and parse_operations(kind, what, true) or nil,
      }
      ops[#ops + 1] = op
      events[#events + 1] = { us = op.invoke_us, op = op, key = "invoke_index", place = #events }
      if outcome ~= "open" then
        op.complete_us = (tonumber(to) or 1000000) * 1000
        events[#events + 1] = { us = op.complete_us, op = op, key = "complete_index",
          place = #events }
      end
    end
  end
  table.sort(events, function(a, b)
    if a.us ~= b.us then
      return a.us < b.us
    end
    return a.place < b.place
  end)
  for i, event in ipairs(events) do
    event.op[event.key] = i
  end
  table.sort(ops, function(a, b) return a.invoke_index < b.invoke_index end)
  return ops
end

-- The result of the checker over a history, or over a text.
function txns.check(kind, history, ...)
  if type(history) == "string" then
    history = txns.history(kind, history)
  end
  return txn.check(history, { consistency_models = { ... } }, versions[kind])
end

-- The names of the anomalies that a model forbids in a text, with spaces between.
function txns.found(kind, text, ...)
  return table.concat(txns.check(kind, text, ...)["anomaly-types"], " ")
end

return txns
