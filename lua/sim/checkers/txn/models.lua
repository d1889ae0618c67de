--- Consistency models: what each forbids, and what an anomaly says about them.
--
-- Two relations say it all. One anomaly implies another: where the first is, the second is too. One
-- model implies another: what satisfies the first satisfies the second. A model forbids an anomaly
-- when it, or a model that it implies, forbids it directly, or an anomaly that it implies. The
-- tables follow Elle's, and the papers that it follows: Adya's thesis (PL-1 .. PL-3), Bailis et al.
-- "Highly Available Transactions", Cerone et al. "A Framework for Transactional Consistency Models
-- with Atomic Visibility", Daudjee and Salem "Lazy Database Replication with Snapshot Isolation".
--
-- Beyond Elle, which has hardly a test for them, three models forbid what defines them:
--
--   - read-atomic: fractured-read, where a transaction sees one write of another and misses another
--     one (Bailis et al., "Scalable Atomic Visibility with RAMP Transactions")
--   - monotonic-atomic-view: non-monotonic-view, where it misses it after it has seen the first
--   - causal: G-causal, where it misses what came before it by a chain of reads and by the order of
--     each process; and cycles of that order with what was written and read, G1c-process
-- @module sim.checkers.txn.models

local sorted = require "hearsay.sorted"

local models = {}

-- Anomaly to those that it implies. That one of the forms in a process implies the one in real time
-- holds since a process does one thing after the other.
local ANOMALIES = {
  ["G0"] = { "G1c", "G0-process" },
  ["G0-process"] = { "G1c-process", "G0-realtime" },
  ["G0-realtime"] = { "G1c-realtime" },
  ["G1a"] = { "G1" },
  ["G1b"] = { "G1" },
  ["G1c"] = { "G1", "G1c-process" },
  ["G1c-process"] = { "G1-process", "G1c-realtime" },
  ["G1c-realtime"] = { "G1-realtime" },
  ["G1"] = { "G1-process" },
  ["G1-process"] = { "G1-realtime" },
  ["G-single"] = { "G-nonadjacent", "G-single-process" },
  ["G-single-process"] = { "G-nonadjacent-process", "G-single-realtime" },
  ["G-single-realtime"] = { "G-nonadjacent-realtime" },
  ["G-nonadjacent"] = { "G2-item", "G-nonadjacent-process" },
  ["G-nonadjacent-process"] = { "G2-item-process", "G-nonadjacent-realtime" },
  ["G-nonadjacent-realtime"] = { "G2-item-realtime" },
  ["G2-item"] = { "G2", "G2-item-process" },
  ["G2-item-process"] = { "G2-process", "G2-item-realtime" },
  ["G2-item-realtime"] = { "G2-realtime" },
  ["G2"] = { "G2-process" },
  ["G2-process"] = { "G2-realtime" },
  ["incompatible-order"] = { "G1a" },
  ["dirty-update"] = { "G1a" },
  ["future-read"] = { "G1c" },
  ["lost-update"] = { "G2-item" },
  ["non-monotonic-view"] = { "fractured-read" },
  ["fractured-read"] = { "G-single" },
  ["G-causal"] = { "G-single-process" },
}

-- The models, roughly from weak to strong: name, what it implies, what it forbids by itself.
local MODELS = {
  { "read-uncommitted", {}, { "G0", "duplicate-elements", "cyclic-versions", "unwritten-read" } },
  { "strong-session-read-uncommitted", { "read-uncommitted" }, { "G0-process" } },
  { "strong-read-uncommitted", { "strong-session-read-uncommitted" }, { "G0-realtime" } },
  { "read-committed", { "read-uncommitted" }, { "G1" } },
  { "strong-session-read-committed", { "read-committed", "strong-session-read-uncommitted" },
    { "G1c-process" } },
  { "strong-read-committed", { "strong-session-read-committed", "strong-read-uncommitted" },
    { "G1c-realtime" } },
  { "monotonic-atomic-view", { "read-committed" }, { "non-monotonic-view" } },
  { "monotonic-view", { "read-committed" }, {} },
  { "monotonic-snapshot-read", { "read-committed" }, {} },
  { "cursor-stability", { "read-committed" }, { "lost-update" } },
  { "consistent-view", { "cursor-stability", "monotonic-view" }, { "G-single" } },
  { "forward-consistent-view", { "consistent-view" }, {} },
  { "update-serializable", { "forward-consistent-view" }, {} },
  { "read-atomic", { "monotonic-atomic-view" },
    { "internal", "G1a", "future-read", "fractured-read" } },
  { "ROLA", { "read-atomic" }, { "lost-update" } },
  { "repeatable-read", { "cursor-stability", "monotonic-atomic-view" }, { "G2-item" } },
  { "read-your-writes", {}, {} },
  { "monotonic-reads", {}, {} },
  { "monotonic-writes", {}, {} },
  { "writes-follow-reads", {}, {} },
  { "PRAM", { "monotonic-reads", "monotonic-writes", "read-your-writes" }, {} },
  { "causal-cerone", { "read-atomic" }, {} },
  { "causal", { "causal-cerone", "writes-follow-reads", "PRAM" }, { "G1c-process", "G-causal" } },
  { "sequential", { "causal" }, {} },
  { "linearizable", { "sequential" }, {} },
  { "prefix", { "causal-cerone" }, {} },
  { "parallel-snapshot-isolation", { "causal-cerone", "ROLA" }, {} },
  { "snapshot-isolation", { "forward-consistent-view", "monotonic-atomic-view",
    "monotonic-snapshot-read", "parallel-snapshot-isolation", "prefix" }, { "G-nonadjacent" } },
  { "strong-session-snapshot-isolation",
    { "snapshot-isolation", "strong-session-read-committed", "causal" },
    { "G1-process", "G-nonadjacent-process" } },
  { "strong-snapshot-isolation", { "strong-session-snapshot-isolation", "strong-read-committed" },
    { "G1-realtime", "G-nonadjacent-realtime" } },
  { "serializable", { "repeatable-read", "update-serializable", "snapshot-isolation" }, { "G2" } },
  { "strong-session-serializable", { "serializable", "strong-session-snapshot-isolation" },
    { "G2-process" } },
  { "strict-serializable", { "strong-session-serializable", "strong-snapshot-isolation",
    "linearizable" }, { "G2-realtime" } },
}

-- Other names of models.
local ALIASES = {
  { "conflict-serializable", "serializable" },
  { "strong-serializable", "strict-serializable" },
  { "PL-1", "read-uncommitted" },
  { "PL-2", "read-committed" },
  { "PL-CS", "cursor-stability" },
  { "PL-2L", "monotonic-view" },
  { "PL-MSR", "monotonic-snapshot-read" },
  { "PL-2+", "consistent-view" },
  { "PL-FCV", "forward-consistent-view" },
  { "PL-3U", "update-serializable" },
  { "PL-2.99", "repeatable-read" },
  { "PL-SI", "snapshot-isolation" },
  { "PL-3", "serializable" },
  { "PL-SS", "strict-serializable" },
}

--- The names by which models may be asked for, roughly from weak to strong, then other names.
models.names = {}

local canonical = {}
local weaker, stronger, forbids, forbidden_by, implied_by = {}, {}, {}, {}, {}

local function add(relation, from, to)
  relation[from] = relation[from] or {}
  table.insert(relation[from], to)
end

for _, model in ipairs(MODELS) do
  local name, implied, forbidden = table.unpack(model)
  models.names[#models.names + 1] = name
  canonical[name] = name
  weaker[name], forbids[name] = implied, forbidden
  for _, other in ipairs(implied) do
    add(stronger, other, name)
  end
  for _, anomaly in ipairs(forbidden) do
    add(forbidden_by, anomaly, name)
  end
end
for _, alias in ipairs(ALIASES) do
  models.names[#models.names + 1] = alias[1]
  canonical[alias[1]] = alias[2]
end
for anomaly, implied in pairs(ANOMALIES) do
  for _, other in ipairs(implied) do
    add(implied_by, other, anomaly)
  end
end

-- Everything that can be reached from some names by a relation, themselves included, as a set.
local function reach(relation, names)
  local reached, open = {}, {}
  for i, name in ipairs(names) do
    open[i] = name
  end
  while open[1] do
    local name = table.remove(open)
    if not reached[name] then
      reached[name] = true
      for _, other in ipairs(relation[name] or {}) do
        open[#open + 1] = other
      end
    end
  end
  return reached
end

-- Everything that some names are related to directly.
local function image(relation, set)
  local names = {}
  for _, name in ipairs(sorted.keys(set)) do
    table.move(relation[name] or {}, 1, #(relation[name] or {}), #names + 1, names)
  end
  return names
end

--- The anomalies that some anomalies imply, themselves included.
-- @tparam {string,...} anomalies
-- @treturn {string,...} in byte order
function models.implied(anomalies)
  return sorted.keys(reach(ANOMALIES, anomalies))
end

--- The anomalies that are forbidden if all of some models are to hold.
-- @tparam {string,...} asked names of models
-- @treturn table set of names, those that are never looked for included
function models.forbidden(asked)
  local names = {}
  for i, name in ipairs(asked) do
    names[i] = canonical[name] or error("no consistency model " .. tostring(name), 2)
  end
  return reach(implied_by, image(forbids, reach(weaker, names)))
end

--- The models that cannot hold where some anomalies are.
-- @tparam {string,...} anomalies
-- @treturn {string,...} the weakest of them, in byte order
-- @treturn {string,...} the others, which imply one of those, in byte order
function models.ruled_out(anomalies)
  local out = reach(stronger, image(forbidden_by, reach(ANOMALIES, anomalies)))
  local weakest, others = {}, {}
  for _, name in ipairs(sorted.keys(out)) do
    local is_weakest = true
    for _, other in ipairs(weaker[name]) do
      is_weakest = is_weakest and not out[other]
    end
    local list = is_weakest and weakest or others
    list[#list + 1] = name
  end
  return weakest, others
end

return models
