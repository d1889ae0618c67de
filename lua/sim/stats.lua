--- Quantiles, summaries and histograms of lists of numbers.
-- @module sim.stats

local stats = {}

--- The quantiles that Jepsen reports.
stats.points = { 0, 0.5, 0.95, 0.99, 1 }

local function sorted_copy(list)
  local copy = table.move(list, 1, #list, 1, {})
  table.sort(copy)
  return copy
end

--- A quantile as Jepsen takes it: the element at floor(n * point), counted from 0, the last one
-- at most; nothing is interpolated.
-- @tparam {number,...} sorted ascending, not empty
-- @tparam number point 0 to 1
-- @treturn number
function stats.quantile(sorted, point)
  return sorted[math.min(#sorted - 1, math.floor(#sorted * point)) + 1]
end

--- The quantiles of a list, keyed by their text: `{["0"] = .., ["0.5"] = .., .., ["1"] = ..}`.
-- @tparam {number,...} list in any order
-- @tparam[opt] {number,...} points default stats.points
-- @treturn table, or nil for an empty list
function stats.distribution(list, points)
  if #list == 0 then
    return nil
  end
  local sorted, result = sorted_copy(list), {}
  for _, point in ipairs(points or stats.points) do
    result[string.format("%.14g", point)] = stats.quantile(sorted, point)
  end
  return result
end

--- Count, min, median, p95, p99, max and mean of a list.
-- @tparam {number,...} list in any order
-- @treturn table, or nil for an empty list
function stats.summary(list)
  if #list == 0 then
    return nil
  end
  local sorted, sum = sorted_copy(list), 0
  for _, x in ipairs(sorted) do
    sum = sum + x
  end
  return {
    count = #sorted,
    min = sorted[1],
    median = stats.quantile(sorted, 0.5),
    p95 = stats.quantile(sorted, 0.95),
    p99 = stats.quantile(sorted, 0.99),
    max = sorted[#sorted],
    mean = sum / #sorted,
  }
end

--- How long clients waited for answers that were ok, in milliseconds, by operation.
-- @tparam {operation,...} history
-- @treturn table f to stats.summary
function stats.latencies(history)
  local by_f, result = {}, {}
  for _, op in ipairs(history) do
    if op.outcome == "ok" then
      local list = by_f[op.f] or {}
      by_f[op.f] = list
      list[#list + 1] = (op.complete_us - op.invoke_us) / 1000
    end
  end
  for f, list in pairs(by_f) do
    result[f] = stats.summary(list)
  end
  return result
end

-- The smallest of 1, 2 or 5 times a power of ten of which `most` buckets hold 0 .. largest.
local function bucket_width(largest, most)
  local unit = 1
  while true do
    for _, step in ipairs({ 1, 2, 5 }) do
      if step * unit * most > largest then
        return step * unit
      end
    end
    unit = unit * 10
  end
end

--- Counts the numbers of a list in buckets of a round width (1, 2 or 5 times a power of ten), from
-- 0 to the largest.
-- @tparam {number,...} list of numbers from 0 up
-- @tparam integer most how many buckets there may be
-- @treturn {integer,...} counts
-- @treturn integer the width of a bucket
function stats.histogram(list, most)
  local largest = 0
  for _, x in ipairs(list) do
    largest = math.max(largest, x)
  end
  local width = bucket_width(largest, most)
  local counts = {}
  for i = 1, largest // width + 1 do
    counts[i] = 0
  end
  for _, x in ipairs(list) do
    local bucket = x // width + 1
    counts[bucket] = counts[bucket] + 1
  end
  return counts, width
end

return stats
