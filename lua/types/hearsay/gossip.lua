---@meta hearsay.gossip
-- Written by `make docs`.

---What every policy's start returns.
---@class hearsay.gossip.spread
---@field values hearsay.seen.seen all values that this node has
---@field neighbours string[] for policies that have them: node ids, which may be set at any time; all other nodes until then
---@field add fun(self:hearsay.gossip.spread,value:any):boolean takes a value from a client; returns whether it is new

---Gossip: ways to spread values so that in the end every node has seen them all.
---
---A script names its policy in a table of parameters, so that trying another is one edited line:
---
---    local gossip = require "hearsay.gossip"
---    local spread = gossip.start { policy = "hub", window = 0.3 }
---
---    node.on("broadcast", function(msg)
---      spread:add(msg.body.message)
---      return { type = "broadcast_ok" }
---    end)
---    node.on("read", function()
---      return { type = "read_ok", messages = spread.values }
---    end)
---
---Policies, for n nodes and values that come at random; a hop is the one-way delay:
---
---    flood         to the neighbours that a topology names, once, without confirmation
---    push          to the neighbours, until confirmed, what collects meanwhile in one message
---    batch         to the neighbours, what has collected in a window in one message
---    plumtree      along trees in the graph of neighbours, n-1 messages a value; they mend
---    hub           through a star in rounds: 2(n-1) messages a round at most
---    direct        to everyone at once: n-1 messages a value, one hop
---    push_pull     with a random node now and then: 2n messages an interval
---    anti_entropy  the same, by digests, with nothing to remember: n to 3n messages an interval
---
---They are made of what hearsay.gossip.link (confirmed deltas between two nodes) and
---hearsay.gossip.exchange (two nodes compare digests) give them.
---
---Each is a module hearsay.gossip.NAME, whose header tells how it works, what it costs and what it
---survives. It has `start(options)`, which returns a *spread*.
---@class hearsay.gossip
---@field POSITIVE any A limit for gossip.parameters: of periods.
local gossip = {}

---Starts a policy. Call once, in the script's main part.
---
---Raises on a name or a parameter that there is not, or a parameter out of its range
---@param options table `policy`, a name, and that policy's parameters
---@return hearsay.gossip.spread
function gossip.start(options) end

---Calls a function every so often, the first time at a random time within the period: nodes that
---were started together do not act together. Call after init.
---@param period number seconds
---@param jitter number part of each later period that is random, either way; less than 1
---@param fn function
function gossip.every(period, jitter, fn) end

---Checks a policy's parameters against its defaults and fills in what is missing.
---@param options table as given; `policy` is passed over
---@param defaults table name to default: all are numbers, most of them seconds
---@param limits? table name to {above =, below =}; what is not there is from 0
---@return table
function gossip.parameters(options, defaults, limits) end

return gossip
