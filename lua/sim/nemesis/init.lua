--- The nemesis: starts and ends faults while the load runs.
--
-- Start, stop, start, .. at uniformly random gaps of 0 to twice the interval, the first at once.
-- @module sim.nemesis

local partition = require "sim.nemesis.partition"

local nemesis = {}

--- Begins to disturb a cluster.
-- @tparam cluster cluster
-- @tparam table opts nemesis (list of faults), nemesis_interval (seconds)
-- @param random its stream of random numbers
-- @treturn table `windows`, a list of {fault, text, start_us, stop_us}, filled as it goes on; and
--   `stop()`, which ends all faults for good
function nemesis.start(cluster, opts, random)
  local world = cluster.world
  local self = { windows = {} }
  local timer, open

  local function close()
    world:heal()
    if open then
      open.stop_us = world:now_us()
      open = nil
    end
  end

  local function toggle()
    if open then
      close()
    else
      local grudge, text = partition.draw(cluster.nodes, random)
      partition.apply(world, cluster.nodes, grudge)
      open = { fault = "partition", text = text, start_us = world:now_us() }
      self.windows[#self.windows + 1] = open
    end
    timer = world:after(random:unit() * 2 * opts.nemesis_interval, toggle)
  end

  function self.stop()
    if timer then
      timer:cancel()
      timer = nil
    end
    close()
  end

  if opts.nemesis[1] then
    timer = world:after(0, toggle)
  end
  return self
end

return nemesis
