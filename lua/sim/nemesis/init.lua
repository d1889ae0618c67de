--- The nemesis: starts and ends faults while the load runs.
--
-- Start, stop, start, .. at uniformly random gaps of 0 to twice the interval, the first at once.
-- Each fault goes its own way, by a random stream of its own, and each of its windows draws from
-- another, so that adding a fault, or leaving a window out, leaves the others as they were.
-- @module sim.nemesis

local faults = require "sim.nemesis.faults"
local randoms = require "hearsay.random"

local nemesis = {}

-- Toggles one fault. The windows are numbered in the order in which they begin; those that are not
-- to be kept pass without effect, and so do those in which the fault finds nothing to strike.
local function disturb(self, cluster, name, opts)
  local world, pace = cluster.world, randoms.stream(opts.seed, "nemesis " .. name)
  local timer, window, finish
  local count = 0

  local function open()
    self.count, count = self.count + 1, count + 1
    window = { number = self.count, fault = name, start_us = world:now_us() }
    if not opts.fault_windows or opts.fault_windows[self.count] then
      local random = randoms.stream(opts.seed, ("nemesis %s %d"):format(name, count))
      local begin = faults.get(name).begin
      window.text, finish, window.silenced, window.cut = begin(cluster, random)
      self.windows[#self.windows + 1] = finish and window
    end
  end

  local function close()
    if finish then
      finish()
      window.stop_us = world:now_us()
    end
    window, finish = nil, nil
  end

  local function toggle()
    if window then
      close()
    else
      open()
    end
    timer = world:after(pace:unit() * 2 * opts.nemesis_interval, toggle)
  end

  timer = world:after(0, toggle)
  return function()
    timer:cancel()
    close()
  end
end

--- Begins to disturb a cluster.
-- @tparam cluster cluster
-- @tparam table opts nemesis (list of faults), nemesis_interval (seconds), seed, fault_windows (set
--   of the numbers to keep; nil: all)
-- @treturn table `windows`, a list of {number, fault, text, start_us, stop_us, silenced, cut},
--   filled as it goes on (silenced: the nodes that it keeps from answering, or nil; cut: for a node
--   those that it does not hear, or nil); and `stop()`, which ends all faults for good
function nemesis.start(cluster, opts)
  local self, stops = { windows = {}, count = 0 }, {}
  for i, name in ipairs(opts.nemesis) do
    stops[i] = disturb(self, cluster, name, opts)
  end
  function self.stop()
    for _, stop in ipairs(stops) do
      stop()
    end
  end
  return self
end

return nemesis
