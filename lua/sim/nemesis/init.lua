--- The nemesis: starts and ends faults while the load runs.
--
-- Start, stop, start, .. at uniformly random gaps of 0 to twice the interval, the first at once. Each
-- fault goes its own way, by a random stream of its own, so that adding one leaves the others as they
-- were.
-- @module sim.nemesis

local faults = require "sim.nemesis.faults"
local randoms = require "hearsay.random"

local nemesis = {}

-- Toggles one fault.
local function disturb(cluster, name, opts, windows)
  local world, random = cluster.world, randoms.stream(opts.seed, "nemesis " .. name)
  local timer, window, finish

  local function close()
    if window then
      finish()
      window.stop_us = world:now_us()
      window = nil
    end
  end

  local function toggle()
    if window then
      close()
    else
      window = { fault = name, start_us = world:now_us() }
      windows[#windows + 1] = window
      window.text, finish = faults[name].begin(cluster, random)
    end
    timer = world:after(random:unit() * 2 * opts.nemesis_interval, toggle)
  end

  timer = world:after(0, toggle)
  return function()
    timer:cancel()
    close()
  end
end

--- Begins to disturb a cluster.
-- @tparam cluster cluster
-- @tparam table opts nemesis (list of faults), nemesis_interval (seconds), seed
-- @treturn table `windows`, a list of {fault, text, start_us, stop_us}, filled as it goes on; and
--   `stop()`, which ends all faults for good
function nemesis.start(cluster, opts)
  local self, stops = { windows = {} }, {}
  for i, name in ipairs(opts.nemesis) do
    stops[i] = disturb(cluster, name, opts, self.windows)
  end
  function self.stop()
    for _, stop in ipairs(stops) do
      stop()
    end
  end
  return self
end

return nemesis
