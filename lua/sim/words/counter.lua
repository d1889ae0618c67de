--- What the screen says about counters; see sim.words.
-- @module sim.words.counter

local format = require "sim.format"

local EXAMPLES = 8 -- wrong reads that are shown
local INTERVALS = 8 -- of acceptable values that are named

-- "12", "12 to 15 or 17"
local function acceptable(intervals)
  local parts = {}
  for i = 1, math.min(INTERVALS, #intervals) do
    local low, high = table.unpack(intervals[i])
    parts[i] = low == high and format.whole(low)
      or ("%s to %s"):format(format.whole(low), format.whole(high))
  end
  return table.concat(parts, " or ") .. (#intervals > INTERVALS and " or .." or "")
end

local function adds(result)
  local text = format.count(result["acknowledged-count"], "acknowledged add")
  local indefinite = result["indefinite-count"]
  return indefinite == 0 and text
    or ("%s and of some of %d of unknown outcome"):format(text, indefinite)
end

return {
  good = function(result)
    local reads = #result["final-reads"]
    return (reads == 1 and "the final read shows" or "all %s final reads show")
      :format(format.whole(reads)) .. " the sum of " .. adds(result)
  end,
  unknown = "too little to judge: no final read succeeded",
  bad = function(result, wrong)
    wrong[#wrong + 1] = ("%s of %s wrong"):format(format.whole(result["error-count"]),
      format.count(#result["final-reads"], "final read"))
  end,
  explain = function(result, page)
    page:row("Expected", ("%s, the sum of %s."):format(acceptable(result.acceptable), adds(result)))
    for i, wrong in ipairs(result.errors) do
      if i > EXAMPLES then
        break
      end
      page:row(i == 1 and "Wrong" or "", ("%s had %s at %s."):format(wrong.node,
        format.whole(wrong.value), format.seconds(wrong.time)), nil, wrong)
    end
    if result["error-count"] > EXAMPLES then
      page:row("", ("and %s more"):format(format.whole(result["error-count"] - EXAMPLES)))
    end
  end,
}
