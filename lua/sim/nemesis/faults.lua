--- The faults that a nemesis can start and end, by the names that --nemesis takes.
--
-- Each is a table {help, begin}. `begin(cluster, random)` starts it and returns what it is, for a
-- person, a function that ends it, when it keeps nodes from answering a list of them, and when it
-- cuts links the grudge (see sim.nemesis.partition); or nil when it strikes nobody.
-- @module sim.nemesis.faults

local extension = require "sim.extension"
local partition = require "sim.nemesis.partition"
local targets = require "sim.nemesis.targets"

local faults = {
  --- The names, in the order of the help.
  names = {
    "partition", "kill", "pause", "one-way", "loss", "duplicate", "reorder", "spike", "skew",
  },
}

faults.partition = {
  help = "nodes cannot reach each other, in four shapes",
  begin = partition.begin,
}

faults["one-way"] = {
  help = "some nodes do not hear the others, who hear them",
  begin = function(cluster, random)
    local deaf, text = targets.draw(cluster.nodes, random)
    if #deaf == #cluster.nodes then -- one is left to be deaf to
      text = "all but " .. table.remove(deaf)
    end
    if #deaf == 0 then
      return nil
    end
    local is_deaf, others, grudge = {}, {}, {}
    for _, id in ipairs(deaf) do
      is_deaf[id] = true
    end
    for _, id in ipairs(cluster.nodes) do
      if not is_deaf[id] then
        others[#others + 1] = id
      end
    end
    for _, id in ipairs(deaf) do
      grudge[id] = others
    end
    return text .. " deaf", partition.apply(cluster, grudge), nil, grudge
  end,
}

faults.kill = {
  help = "nodes end, lose their memory, and start again",
  begin = function(cluster, random)
    local group, text = targets.draw(cluster.nodes, random)
    for _, id in ipairs(group) do
      cluster.world:kill(id)
    end
    return text .. " killed", function()
      for _, id in ipairs(group) do
        cluster:restart(id)
      end
    end, group
  end,
}

faults.pause = {
  help = "nodes stand still and go on",
  begin = function(cluster, random)
    local group, text = targets.draw(cluster.nodes, random)
    local paused = {}
    for _, id in ipairs(group) do
      if cluster.world:is_running(id) then -- another fault may have killed it
        cluster.world:pause(id)
        paused[#paused + 1] = id
      end
    end
    if #paused == 0 then
      return nil
    end
    return text .. " paused", function()
      for _, id in ipairs(paused) do
        if cluster.world:is_running(id) then
          cluster.world:resume(id)
        end
      end
    end, paused
  end,
}

-- A fault that the network does to any message between servers.
local function of_messages(name, amount, help, text)
  faults[name] = {
    help = help,
    begin = function(cluster)
      cluster.world:fault(name, amount)
      return text, function()
        cluster.world:fault(name, 0)
      end
    end,
  }
end

of_messages("loss", 0.2, "a fifth of the messages are lost", "20% lost")
of_messages("duplicate", 0.2, "a fifth of the messages arrive twice", "20% twice")
of_messages("reorder", 0.2, "a fifth of the messages are overtaken by later ones", "20% late")
of_messages("spike", 9, "latencies are ten times as long", "10 x latency")

local SKEW = 120 -- seconds at most

faults.skew = {
  help = "wall clocks of some nodes jump, either way, and back",
  begin = function(cluster, random)
    local group, text = targets.draw(cluster.nodes, random)
    for _, id in ipairs(group) do
      cluster.world:skew(id, (2 * random:unit() - 1) * SKEW)
    end
    return text .. " with wrong clocks", function()
      for _, id in ipairs(group) do
        cluster.world:skew(id, 0)
      end
    end
  end,
}

--- The fault of a name, or of a file.
-- @tparam string name
-- @treturn table
function faults.get(name)
  return faults[name] or assert(extension.fault(name))
end

return faults
