--- Push-pull: now and then each node sends a random other one what that one is not known to have,
-- and gets what it itself lacks in the reply.
--
-- What two nodes have told each other is remembered in a link for each pair (hearsay.gossip.link),
-- so what is sent is exact, and nothing is compared. But a pair does not know what others have told
-- it: each value crosses each pair that meets.
--
-- Cost: two messages an exchange, 2n / interval messages a second, however many values there are;
-- never less, also when nothing is new. A value arrives everywhere within about log2(n) +
-- log2(log(n)) intervals: by pushes those who have it double, by pulls those who lack it are
-- squared (as parts of all).
--
-- Survives loss, partitions, restarts, and nodes that reach each other only through others: what a
-- pair has not confirmed goes into its next exchange. It remembers a few numbers of each other
-- node.
--
-- Source: Karp et al., Randomized Rumor Spreading, 2000, for why both push and pull.
-- @module hearsay.gossip.push_pull

local gossip = require "hearsay.gossip"
local link = require "hearsay.gossip.link"
local node = require "hearsay"
local seen = require "hearsay.seen"

local JITTER = 0.25 -- part of the interval

local PushPull = {}
PushPull.__index = PushPull

local push_pull = {}

--- Starts exchanging. Until `neighbours` is set, they are all other nodes.
-- @tparam table options
-- @tparam[opt=0.5] number options.interval mean seconds from an exchange to the next that a node
--   begins
-- @treturn push_pull
function push_pull.start(options)
  local parameters = gossip.parameters(options, { interval = 0.5 },
    { interval = gossip.POSITIVE })
  local self = setmetatable({ values = seen.new() }, PushPull)
  self.links = link.all(self.values)
  node.on_init(function()
    gossip.every(parameters.interval, JITTER, function()
      local list = self.neighbours or node.peers
      if list[1] then
        self.links[list[node.random(#list)]]:send("push_pull")
      end
    end)
  end)
  node.on("push_pull", link.FIELDS, function(msg)
    self:receive(msg.src, msg.body):send("push_pull_reply")
  end)
  node.on("push_pull_reply", link.FIELDS, function(msg)
    self:receive(msg.src, msg.body)
  end)
  return self
end

function PushPull:receive(id, body)
  local peer, before = self.links[id], self.values:version()
  peer:receive(body)
  if self.values:merge(body.values) > 0 then
    peer:skip(before)
  end
  return peer
end

--- Takes a value from a client.
-- @param value anything that JSON can say
-- @treturn boolean whether it is new
function PushPull:add(value)
  return self.values:add(value)
end

return push_pull
