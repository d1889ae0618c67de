--- Gossip: ways to spread values so that in the end every node has seen them all.
--
-- A script names its policy in a table of parameters, so that trying another is one edited line:
--
--     local gossip = require "hearsay.gossip"
--     local spread = gossip.start { policy = "hub", window = 0.3 }
--
--     node.on("broadcast", function(msg)
--       spread:add(msg.body.message)
--       return { type = "broadcast_ok" }
--     end)
--     node.on("read", function()
--       return { type = "read_ok", messages = spread.values }
--     end)
--
-- Policies, for n nodes and values that come at random; a hop is the one-way delay:
--
--     flood         to the neighbours that a topology names, once, without confirmation
--     push          to the neighbours, until confirmed, what collects meanwhile in one message
--     batch         to the neighbours, what has collected in a window in one message
--     plumtree      along trees in the graph of neighbours, n-1 messages a value; they mend
--     hub           through a star in rounds: 2(n-1) messages a round at most
--     direct        to everyone at once: n-1 messages a value, one hop
--     push_pull     with a random node now and then: 2n messages an interval
--     anti_entropy  the same, by digests, with nothing to remember: n to 3n messages an interval
--
-- They are made of what hearsay.gossip.link (confirmed deltas between two nodes) and
-- hearsay.gossip.exchange (two nodes compare digests) give them.
--
-- Each is a module hearsay.gossip.NAME, whose header tells how it works, what it costs and what it
-- survives. It has `start(options)`, which returns a *spread*.
-- @module hearsay.gossip

local node = require "hearsay"
local sorted = require "hearsay.sorted"

local gossip = {}

local names = {
  "flood", "push", "batch", "hub", "direct", "push_pull", "anti_entropy", "plumtree",
}

--- What every policy's start returns.
-- @table spread
-- @tfield seen values all values that this node has
-- @tfield {string,...} neighbours for policies that have them: node ids, which may be set at any
--   time; all other nodes until then
-- @tfield fun(self:spread,value:any):boolean add takes a value from a client; returns whether it
--   is new

--- Starts a policy. Call once, in the script's main part.
-- @tparam table options `policy`, a name, and that policy's parameters
-- @treturn spread
-- @raise on a name or a parameter that there is not, or a parameter out of its range
function gossip.start(options)
  for _, name in ipairs(names) do
    if options.policy == name then
      return require("hearsay.gossip." .. name).start(options)
    end
  end
  error(("gossip.start: expected a policy (%s), not %s")
    :format(table.concat(names, ", "), tostring(options.policy)), 2)
end

--- A limit for gossip.parameters: of periods.
gossip.POSITIVE = { above = 0 }

--- Calls a function every so often, the first time at a random time within the period: nodes that
-- were started together do not act together. Call after init.
-- @tparam number period seconds
-- @tparam number jitter part of each later period that is random, either way; less than 1
-- @tparam function fn
function gossip.every(period, jitter, fn)
  node.after(period * node.random(), function()
    node.every(period, fn, jitter)
    fn()
  end)
end

--- Checks a policy's parameters against its defaults and fills in what is missing.
-- @tparam table options as given; `policy` is passed over
-- @tparam table defaults name to default: all are numbers, most of them seconds
-- @tparam[opt] table limits name to {above =, below =}; what is not there is from 0
-- @treturn table
function gossip.parameters(options, defaults, limits)
  local parameters = {}
  for name, value in pairs(defaults) do
    parameters[name] = value
  end
  for name, value in pairs(options) do
    if name ~= "policy" then
      if defaults[name] == nil then
        error(("gossip.start: policy %q has no parameter %q; it has: %s")
          :format(options.policy, name, table.concat(sorted.keys(defaults), ", ")), 4)
      end
      local limit = limits and limits[name] or {}
      local above, below = limit.above or -1, limit.below or math.huge
      if type(value) ~= "number" or value < 0 or not (value > above and value < below) then
        error(("gossip.start: %s must be a number %s%s, not %s"):format(name,
          limit.above and "above " .. limit.above or "from 0",
          limit.below and " and below " .. limit.below or "", tostring(value)), 4)
      end
      parameters[name] = value
    end
  end
  return parameters
end

return gossip
