-- Rounds and medians. Machines are noisy, and the noise lasts: so in each round everything that is
-- compared runs once, one after the other, and what counts is the median over the rounds.

local sample = {}

function sample.median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  return sorted[(#sorted + 1) // 2]
end

--- Runs each function of a list `rounds` times, interleaved.
-- @treturn table their medians, in the same order
function sample.interleaved(rounds, functions)
  local results = {}
  for _ = 1, rounds do
    for i, fn in ipairs(functions) do
      results[i] = results[i] or {}
      table.insert(results[i], fn())
    end
  end
  local medians = {}
  for i in ipairs(functions) do
    medians[i] = sample.median(results[i])
  end
  return medians
end

--- Seconds of this process that a function takes, called often enough to be measurable.
-- @tparam function fn
-- @tparam[opt=0.02] number least seconds to measure over
-- @treturn number seconds a call
function sample.seconds(fn, least)
  local times = 1
  while true do
    collectgarbage()
    local start = os.clock()
    for _ = 1, times do
      fn()
    end
    local spent = os.clock() - start
    if spent >= (least or 0.02) then
      return spent / times
    end
    times = times * (spent < 0.002 and 10 or 3)
  end
end

return sample
