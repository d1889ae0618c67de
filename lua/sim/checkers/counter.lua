--- Whether a counter has in the end what was added to it: Maelstrom's check of g-counter and
-- pn-counter.
--
-- Every final read must be the sum of all acknowledged adds and of some of those whose outcome
-- nobody knows. What such sums can be is held as a list of intervals, in order and without overlap:
-- each indefinite add joins to them the same intervals moved by its delta. Exact, and short, since
-- intervals that touch become one. Reads before the end may show anything.
-- @module sim.checkers.counter

local value = require "sim.checkers.value"

local counter = {}

local LISTED = 48 -- wrong reads that are listed

-- The union of two lists of intervals {low, high}, as such a list.
local function join(a, b)
  local joined, i, j = {}, 1, 1
  while a[i] or b[j] do
    local from
    if not b[j] or a[i] and a[i][1] <= b[j][1] then
      from, i = a[i], i + 1
    else
      from, j = b[j], j + 1
    end
    local last = joined[#joined]
    if last and from[1] <= last[2] + 1 then
      last[2] = math.max(last[2], from[2])
    else
      joined[#joined + 1] = value.array({ from[1], from[2] })
    end
  end
  return joined
end

local function moved(intervals, delta)
  local result = {}
  for i, interval in ipairs(intervals) do
    result[i] = { interval[1] + delta, interval[2] + delta }
  end
  return result
end

local function contains(intervals, sum)
  for _, interval in ipairs(intervals) do
    if interval[1] <= sum and sum <= interval[2] then
      return true
    end
  end
  return false
end

-- The sum of all acknowledged adds, the deltas of the indefinite ones, and how many there are of
-- the former.
local function collect_adds(history)
  local sum, acknowledged, indefinite = 0, 0, {}
  for _, op in ipairs(history) do
    if op.f == "add" then
      if op.outcome == "ok" then
        sum = sum + op.value
        acknowledged = acknowledged + 1
      elseif op.outcome ~= "fail" then
        indefinite[#indefinite + 1] = op.value
      end
    end
  end
  return sum, indefinite, acknowledged
end

--- Judges a history.
-- @tparam {operation,...} history "add", whose value is the delta, an integer, and "read", whose
--   result, when it is ok, is an integer; reads count when they are `final`
-- @treturn table the result, with Maelstrom's keys: `acceptable`, a list of intervals [low, high];
--   final-reads, the values; `errors`, up to 48 final reads that are not acceptable. And besides:
--   acknowledged-count, indefinite-count, acknowledged-sum, error-count. Unknown when there is no
--   final read
function counter.check(history)
  local sum, indefinite, acknowledged = collect_adds(history)
  local acceptable = value.array({ value.array({ sum, sum }) })
  for _, delta in ipairs(indefinite) do
    acceptable = value.array(join(acceptable, moved(acceptable, delta)))
  end
  local final_reads, wrong, errors = value.array({}), 0, value.array({})
  for _, op in ipairs(history) do
    if op.f == "read" and op.final and op.outcome == "ok" then
      final_reads[#final_reads + 1] = op.result
      if not contains(acceptable, op.result) then
        wrong = wrong + 1
        if wrong <= LISTED then
          errors[wrong] = {
            value = op.result,
            node = op.node,
            process = op.process,
            time = op.complete_us * 1000,
          }
        end
      end
    end
  end
  local valid = wrong == 0
  if #final_reads == 0 then
    valid = "unknown"
  end
  return {
    ["valid?"] = valid,
    ["acknowledged-count"] = acknowledged,
    ["acknowledged-sum"] = sum,
    ["indefinite-count"] = #indefinite,
    acceptable = acceptable,
    ["final-reads"] = final_reads,
    ["error-count"] = wrong,
    errors = errors,
  }
end

return counter
