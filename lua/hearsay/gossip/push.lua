--- Push with acknowledgement: each neighbour is sent what it is not known to have, again and again
-- until it confirms.
--
-- There is one request at a time to each neighbour. It carries all that was added since the last
-- one that was confirmed, so values that come while one is under way travel together in the next,
-- and a lost request is made good by the one after it. After a failure the pause doubles up to a
-- cap, with jitter so that neighbours do not retry in step: a growing pause without a cap would be
-- asleep when the network heals.
--
-- On a graph with e edges a value costs up to 4e messages when values are rare (a request and its
-- confirmation, each way), fewer the more of them share a request. It arrives after as many hops as
-- the graph's diameter, and up to one round trip more where a request is under way.
--
-- Survives any loss and any partition that ends: after it a value crosses each link within
-- `timeout` (of a request that was lost just before), `cap` and a hop. A node that was restarted
-- gets all that a neighbour has once that has something new for it: its confirmation tells.
-- @module hearsay.gossip.push

local gossip = require "hearsay.gossip"
local link = require "hearsay.gossip.link"
local node = require "hearsay"
local retry = require "hearsay.retry"
local seen = require "hearsay.seen"

local Push = {}
Push.__index = Push

local push = {}

--- Starts pushing. Until `neighbours` is set, they are all other nodes.
-- @tparam table options
-- @tparam[opt=0.5] number options.timeout seconds until a request counts as lost; must exceed a
--   round trip
-- @tparam[opt=2] number options.cap longest pause after a failure, in seconds
-- @treturn push
function push.start(options)
  local self = setmetatable({
    parameters = gossip.parameters(options, { timeout = 0.5, cap = 2 }),
    values = seen.new(),
    links = {}, -- neighbour to {confirmed, is_busy, session: which run of it that was}
  }, Push)
  node.on("push", { values = "array" }, function(msg)
    if self.values:merge(msg.body.values) > 0 then
      self:spread(msg.src)
    end
    return { type = "push_ok", session = link.session() }
  end)
  return self
end

-- Sends to a neighbour until it has all that there is.
function Push:serve(neighbour, peer)
  local backoff = retry.backoff {
    first = self.parameters.timeout / 4, cap = self.parameters.cap, random = node.random,
  }
  while peer.confirmed < self.values:version() do
    local version = self.values:version()
    local body = { type = "push", values = (self.values:since(peer.confirmed)) }
    local reply = node.rpc(neighbour, body, self.parameters.timeout)
    if reply then
      local is_restarted = peer.session and peer.session ~= reply.session
      peer.confirmed, peer.session = is_restarted and 0 or version, reply.session
      backoff:reset()
    else
      node.sleep(backoff:next())
    end
  end
  peer.is_busy = false
end

-- Sees to it that every neighbour is being served. One that was in step, and has just sent us all
-- there is, needs nothing back.
function Push:spread(from)
  for _, neighbour in ipairs(self.neighbours or node.peers) do
    local peer = self.links[neighbour]
    if not peer then
      peer = { confirmed = 0, is_busy = false }
      self.links[neighbour] = peer
    end
    if neighbour == from and peer.confirmed == self.in_step then
      peer.confirmed = self.values:version()
    end
    if not peer.is_busy and peer.confirmed < self.values:version() then
      peer.is_busy = true
      node.spawn(self.serve, self, neighbour, peer)
    end
  end
  self.in_step = self.values:version()
end

--- Takes a value from a client.
-- @param value anything that JSON can say
-- @treturn boolean whether it is new
function Push:add(value)
  local is_new = self.values:add(value)
  if is_new then
    self:spread()
  end
  return is_new
end

return push
