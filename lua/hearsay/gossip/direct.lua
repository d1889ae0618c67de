--- Direct: whoever takes a value sends it to everybody else at once.
--
-- Each node numbers its own values by keeping them in a set of their own: the set's version is the
-- number of the newest. A message says from which version to which its values go, and confirms how
-- far the sender has got with the receiver's own values. As every node sends to every other now and
-- then, confirmations cost no messages. Whoever finds that it has missed something asks for it; and
-- what is not confirmed for a while is sent again, which makes good the loss of a last message.
--
-- Cost: n-1 messages a value, the least that is possible without waiting for others to share one;
-- a value arrives after one hop. When nothing is new, what is unconfirmed is confirmed once, and
-- then nothing is sent.
--
-- Survives loss and partitions: after one ends, values arrive within `resend` and a hop or two. A
-- value goes from its first node only, so two nodes that cannot reach each other do not share
-- values, even where a third reaches both.
-- @module hearsay.gossip.direct

local gossip = require "hearsay.gossip"
local node = require "hearsay"
local seen = require "hearsay.seen"

local Direct = {}
Direct.__index = Direct

local direct = {}

--- Starts sending directly.
-- @tparam table options
--
--   - resend (default 2): seconds until what was not confirmed is sent again
function direct.start(options)
  local self = setmetatable({
    parameters = gossip.parameters(options, { resend = 2 }),
    values = seen.new(),
    own = seen.new(),
    peers = {}, -- id to what is known of that node
  }, Direct)
  node.on_init(function()
    -- Tells this run of the node from one before a restart, whose versions mean nothing now.
    self.session = node.random(1 << 53)
    for _, id in ipairs(node.peers) do
      self.peers[id] = {
        confirmed = 0, sent = 0, sent_at = 0, -- of our own values: versions
        got = 0, told = 0, -- of its values: the version up to which we have all, and told it so
      }
    end
    -- Not all at the same instant, in case all were started at the same instant.
    node.every(self.parameters.resend, function() self:repair() end, 0.25)
  end)
  node.on("direct", { values = "array", from = "integer", version = "integer",
    session = "integer", got = "integer" }, function(msg)
    self:receive(msg.src, msg.body)
  end)
  node.on("direct_ask", { from = "integer" }, function(msg)
    if self.peers[msg.src] then
      self:send(msg.src, math.min(msg.body.from, self.own:version()))
    end
  end)
  return self
end

-- Sends a peer our own values from a version on; none when that is the newest.
function Direct:send(id, from)
  local peer = self.peers[id]
  node.send(id, {
    type = "direct",
    values = (self.own:since(from)),
    from = from,
    version = self.own:version(),
    session = self.session,
    got = peer.got, -- the receiver's values that are here,
    of = peer.session, -- in the receiver's session that we know
  })
  peer.sent, peer.sent_at, peer.told = self.own:version(), node.now(), peer.got
end

-- What a peer has not confirmed for so long is lost; and one that has told us something for which
-- no message of ours came by to confirm it gets a message that does nothing else.
function Direct:repair()
  for _, id in ipairs(node.peers) do
    local peer = self.peers[id]
    local is_old = node.now() - peer.sent_at >= self.parameters.resend
    if is_old and (peer.confirmed < peer.sent or peer.told < peer.got) then
      self:send(id, peer.confirmed)
    end
  end
end

function Direct:receive(id, body)
  local peer = self.peers[id]
  if not peer then
    return -- no node of this cluster
  end
  if body.session ~= peer.session then
    peer.session, peer.got, peer.told = body.session, 0, 0
    peer.confirmed = 0 -- it was restarted, and has forgotten
  end
  if body.of == self.session then
    peer.confirmed = math.max(peer.confirmed, math.min(body.got, self.own:version()))
  end
  self.values:merge(body.values)
  if body.from <= peer.got then
    peer.got = math.max(peer.got, body.version)
  elseif not peer.asked_at or node.now() - peer.asked_at >= self.parameters.resend / 2 then
    peer.asked_at = node.now() -- and not again while the answer is under way
    node.send(id, { type = "direct_ask", from = peer.got })
  end
end

--- Takes a value from a client.
-- @param value anything that JSON can say
-- @treturn boolean whether it is new
function Direct:add(value)
  if not self.values:add(value) then
    return false
  end
  local before = self.own:version()
  self.own:add(value)
  for _, id in ipairs(node.peers) do
    self:send(id, before)
  end
  return true
end

return direct
