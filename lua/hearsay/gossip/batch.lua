--- Batch: what is new waits for the end of a window, and goes to each neighbour in one message.
--
-- Each node flushes by a clock of its own, and with jitter, so that nodes that were started
-- together do not send together. A flush sends a neighbour what it has not confirmed, once
-- (hearsay.gossip.link); it confirms what came from there, and is a message of its own only where
-- there is nothing to send. What is not confirmed for `resend` is sent again.
--
-- Cost: two messages a link and window at most, however many values there are; on a star with n
-- nodes 2(n-1) a window. When nothing is new, nothing is sent. A value waits half a window and
-- takes a hop at each node that it passes; on a star it arrives within two windows and two hops.
-- The clocks of hub and leaves have nothing to do with each other: hearsay.gossip.hub brings them
-- into step, and needs one window.
--
-- Survives loss, partitions that end, and restarts, as far as the neighbours connect: on a star the
-- hub is the one that must not fail.
-- @module hearsay.gossip.batch

local gossip = require "hearsay.gossip"
local link = require "hearsay.gossip.link"
local node = require "hearsay"
local seen = require "hearsay.seen"

local Batch = {}
Batch.__index = Batch

local batch = {}

--- Starts batches. Until `neighbours` is set, they are all other nodes.
-- @tparam table options
-- @tparam[opt=0.5] number options.window mean seconds from flush to flush
-- @tparam[opt=0.1] number options.jitter part of the window that is random, either way; less than 1
-- @tparam[opt=1] number options.resend seconds until what was not confirmed is sent again; must
--   exceed a round trip and a window
-- @treturn batch
function batch.start(options)
  local parameters = gossip.parameters(options, { window = 0.5, jitter = 0.1, resend = 1 },
    { window = gossip.POSITIVE, jitter = { below = 1 } })
  local self = setmetatable({ values = seen.new(), parameters = parameters }, Batch)
  self.links = link.all(self.values)
  node.on_init(function()
    gossip.every(parameters.window, parameters.jitter, function() self:flush() end)
  end)
  node.on("batch", link.FIELDS, function(msg)
    local peer, before = self.links[msg.src], self.values:version()
    peer.is_asked = peer:receive(msg.body) or peer.is_asked
    if self.values:merge(msg.body.values) > 0 then
      peer:skip(before)
    end
  end)
  return self
end

function Batch:flush()
  for _, id in ipairs(self.neighbours or node.peers) do
    local peer = self.links[id]
    if peer:has_news() or peer:owes() or peer.is_asked
      or peer:is_overdue(self.parameters.resend) then
      peer:send("batch")
      peer.is_asked = false
    end
  end
end

--- Takes a value from a client.
-- @param value anything that JSON can say
-- @treturn boolean whether it is new
function Batch:add(value)
  return self.values:add(value)
end

return batch
