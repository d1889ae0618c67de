--- Random mixes of faults and options: what explore runs for a seed.
--
-- What the command line gave stays as it is; the rest is drawn from the seed. The result is a list
-- of arguments for `./sim test`, so any run of explore can be repeated by a command.
-- @module sim.mix

local faults = require "sim.nemesis.faults"
local randoms = require "hearsay.random"
local sorted = require "hearsay.sorted"

local mix = {}

local SHARE = 0.35 -- of the seeds that have a fault

-- A kill takes a node's memory, which most scripts may lose: it has to be asked for.
local UNASKED = {}
for _, name in ipairs(faults.names) do
  UNASKED[name] = name ~= "kill"
end

local function one_of(random, list)
  return list[random:upto(#list)]
end

-- Option names, in the order in which they are drawn.
local drawn = {
  { "nemesis", function(random, allowed)
    local chosen = {}
    for _, name in ipairs(faults.names) do
      if random:unit() < SHARE and allowed[name] then
        chosen[#chosen + 1] = name
      end
    end
    return chosen[1] and table.concat(chosen, ",")
  end },
  { "nemesis-interval", function(random) return tostring(random:upto(8)) end },
  { "node-count", function(random) return tostring(random:upto(7)) end },
  { "topology", function(random)
    return one_of(random, { "line", "grid", "tree", "tree4", "total" })
  end },
  { "latency", function(random) return one_of(random, { "0", "5", "20", "50", "100" }) end },
  { "latency-dist", function(random)
    return one_of(random, { "constant", "uniform", "exponential" })
  end },
  { "rate", function(random) return one_of(random, { "5", "20", "50", "100" }) end },
  { "time-limit", function(random) return one_of(random, { "5", "10", "20" }) end },
}

--- The options for a seed, as texts by name.
-- @tparam integer seed
-- @tparam table given option names to what was given for them; these are not drawn
-- @tparam[opt] table allowed set of the faults that may be drawn; default all but kill
-- @treturn table option name to text
function mix.draw(seed, given, allowed)
  local random, changes = randoms.stream(seed, "mix"), { seed = ("%d"):format(seed) }
  for _, option in ipairs(drawn) do
    local name, draw = table.unpack(option)
    local text = draw(random, allowed or UNASKED) -- also unused, so that the others stay the same
    local is_given = given[name] or (name == "node-count" and given.nodes)
    if text and not is_given then
      changes[name] = text
    end
  end
  return changes
end

--- A command line with changes.
-- @tparam {string,...} args
-- @tparam table changes option name to text
-- @treturn {string,...}
function mix.apply(args, changes)
  local words = {}
  for _, name in ipairs(sorted.keys(changes)) do
    words[#words + 1] = ("--%s=%s"):format(name, changes[name])
  end
  -- Options stand before what may follow `--`; the last of two with one name counts.
  local cut = #args + 1
  for i, word in ipairs(args) do
    if word == "--" then
      cut = i
      break
    end
  end
  local all = table.move(args, 1, cut - 1, 1, {})
  table.move(words, 1, #words, #all + 1, all)
  return table.move(args, cut, #args, #all + 1, all)
end

return mix
