--- Whether transactions kept to the consistency models that were asked for.
--
-- After Elle (Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental
-- Observations", VLDB 2020): from what transactions read follows which versions their keys went
-- through, from that which transactions come before which, and a cycle of these is an anomaly. Each
-- model forbids some anomalies. What was asked for decides which of those found count, and whether
-- the order in which clients saw things is looked at.
--
-- About 0.05 ms a transaction where little is wrong, 0.1 ms where most of it is.
-- @module sim.checkers.txn

local cycles = require "sim.checkers.txn.cycles"
local dependencies = require "sim.checkers.txn.dependencies"
local explain = require "sim.checkers.txn.explain"
local founds = require "sim.checkers.txn.found"
local models = require "sim.checkers.txn.models"
local sorted = require "hearsay.sorted"
local transactions = require "sim.checkers.txn.transactions"
local value = require "sim.checkers.value"
local views = require "sim.checkers.txn.views"

local txn = {}

local EMPTY = "empty-transaction-graph" -- nothing depends on anything: too little to judge
local DEFAULT = { "strict-serializable" }
local LISTED = 8 -- reads of what nobody wrote that are listed

-- Which order of the clients has to be looked at for some anomalies to be found. G0 in the order of
-- a process, or in real time, is among whatever else is forbidden in that order.
local function seen_by(forbidden)
  return forbidden["G0-realtime"] and "realtime" or forbidden["G0-process"] and "process" or nil
end

local function describe_unwritten(book, list)
  local described = value.array({})
  for i = 1, math.min(LISTED, #list) do
    local read = list[i]
    described[i] = {
      key = book.key_name[book.key_of[read.version]], value = book.value_of[read.version],
      node = read.txn.op.node, time = read.txn.op.complete_us * 1000,
    }
  end
  return described
end

local function count_outcomes(history)
  local counts = { ok = 0, fail = 0, info = 0 }
  for _, op in ipairs(history) do
    if op.f == "txn" then
      local outcome = op.outcome or "info"
      counts[outcome] = counts[outcome] + 1
    end
  end
  return counts
end

--- Judges a history.
-- @tparam {operation,...} history "txn", see sim.checkers.txn.transactions
-- @tparam[opt] table options `consistency_models`: names, default strict-serializable
-- @tparam table versions sim.checkers.txn.register_versions or list_versions
-- @treturn table the result, with Elle's keys: anomaly-types, names of what was found and is
--   forbidden; anomalies, up to eight cases of each, see sim.checkers.txn.explain; not, the weakest
--   models that cannot hold (also where nobody asked for them), and also-not, the others. Besides:
--   anomaly-counts; consistency-models, those asked for; ok-count, fail-count, info-count;
--   unwritten-count and unwritten, reads of values that nobody wrote, which over registers only
--   is odd. Unknown where nothing depends on anything
function txn.check(history, options, versions)
  local asked = options and options.consistency_models or DEFAULT
  local forbidden = models.forbidden(asked)
  local is_list = versions.is_list
  local found = founds.new()
  local book = transactions.collect(history)
  local order = versions.read(book, found)
  local by = seen_by(forbidden)
  local graph, has_data = dependencies.build(book, order, by)
  if not has_data then
    found:add(EMPTY, {})
  end
  if forbidden["non-monotonic-view"] and not forbidden["G-single"] then
    views.find(book, order, found)
  end
  local is_causal = forbidden["G-causal"] and not forbidden["G-single-process"]
  cycles.find(graph, #book.list, { seen_by = by, causal = is_causal }, found)

  local context = { book = book, order = order, is_list = is_list, seen_by = by }
  local valid, types, anomalies, counts = true, value.array({}), {}, {}
  for _, name in ipairs(sorted.keys(found.cases)) do
    local is_unknown = name == EMPTY or name == cycles.TIMEOUT
    if forbidden[name] or is_unknown then
      types[#types + 1] = name
      counts[name] = found.count[name]
      if forbidden[name] then
        valid = false
      elseif valid then
        valid = "unknown"
      end
      anomalies[name] = value.array({})
      for i, case in ipairs(name ~= EMPTY and found.cases[name] or {}) do
        anomalies[name][i] = explain.case(context, name, case)
      end
    end
  end
  local ruled_out, also_ruled_out = models.ruled_out(sorted.keys(found.cases))
  local outcomes = count_outcomes(history)
  return {
    ["valid?"] = valid,
    ["anomaly-types"] = types,
    ["anomaly-counts"] = counts,
    anomalies = anomalies,
    ["not"] = value.array(ruled_out),
    ["also-not"] = value.array(also_ruled_out),
    ["consistency-models"] = value.array(table.move(asked, 1, #asked, 1, {})),
    ["ok-count"] = outcomes.ok,
    ["fail-count"] = outcomes.fail,
    ["info-count"] = outcomes.info,
    ["unwritten-count"] = #order.unwritten,
    unwritten = describe_unwritten(book, order.unwritten),
  }
end

return txn
