--- The few figures of a run by which nodes are compared: what they cost and how long one waits.
-- @module sim.figures

local figures = {}

-- The times that matter: until a value was stable, or how far behind polls were, where the workload
-- tells; else until the answer, of the kind of operation that took longest.
local function latencies(built)
  local points = built.workload["stable-latencies"] or built.workload["realtime-lag"]
  if points then
    return points["0.5"], points["0.99"], points["1"]
  end
  local median, high, most = 0, 0, 0
  for _, by_f in pairs(built.perf.latencies) do
    median, high = math.max(median, by_f.median), math.max(high, by_f.p99)
    most = math.max(most, by_f.max)
  end
  return median, high, most
end

--- What the latencies among the figures are.
-- @tparam table built see sim.results
-- @treturn string
function figures.unit(built)
  return built.workload["stable-latencies"] and "stable everywhere"
    or built.workload["realtime-lag"] and "lag of polls" or "answer"
end

--- Takes the figures out of results.
-- @tparam table built see sim.results
-- @treturn table
--
--   - valid: true, false or "unknown"
--   - servers, all: messages between nodes, and in all, by operation; 0 without operations
--   - median, high, most: milliseconds; high is the 99th percentile
--   - ok: the share of operations that succeeded, or nil without operations
function figures.of(built)
  local median, high, most = latencies(built)
  return {
    valid = built["valid?"],
    servers = built.net.servers["msgs-per-op"] or 0,
    all = built.net.all["msgs-per-op"] or 0,
    median = median, high = high, most = most,
    ok = built.availability["ok-fraction"],
  }
end

return figures
