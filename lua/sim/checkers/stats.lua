--- How many operations of each kind succeeded. A kind that never did makes a run invalid: a node
-- that answers nothing breaks no promise, and still is not right. What a workload made to fail is
-- not the nodes' fault.
-- @module sim.checkers.stats

local stats = {}

local function new_counts()
  return { ["count"] = 0, ["ok-count"] = 0, ["fail-count"] = 0, ["info-count"] = 0 }
end

local function count(counts, outcome)
  local key = outcome .. "-count"
  counts.count = counts.count + 1
  counts[key] = counts[key] + 1
end

--- Judges a history. An operation that was never answered counts as info.
-- @tparam {operation,...} history
-- @treturn table the result, with Jepsen's keys, and by-error: names of errors to how often each
--   came. Unknown when there was no operation
function stats.check(history)
  local all, by_f, by_error, planned = new_counts(), {}, {}, {}
  for _, op in ipairs(history) do
    local outcome = op.outcome or "info"
    by_f[op.f] = by_f[op.f] or new_counts()
    count(all, outcome)
    count(by_f[op.f], outcome)
    planned[op.f] = planned[op.f] or op.planned
    if op.error and not op.planned then
      local name = op.error.name or "code_" .. tostring(op.error.code)
      by_error[name] = (by_error[name] or 0) + 1
    end
  end
  local valid = true
  for f, counts in pairs(by_f) do
    counts["valid?"] = counts["ok-count"] > 0 or planned[f] or false
    valid = valid and counts["valid?"]
  end
  if #history == 0 then
    valid = "unknown"
  end
  all["by-f"] = by_f
  all["by-error"] = by_error
  all["valid?"] = valid
  return all
end

return stats
