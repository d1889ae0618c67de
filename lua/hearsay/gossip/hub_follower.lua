--- What a leaf does towards its hub; see hearsay.gossip.hub.
-- @module hearsay.gossip.hub_follower

local node = require "hearsay"
local seen = require "hearsay.seen"

local Follower = {}
Follower.__index = Follower

local follower = {}

--- The following part of a node.
-- @tparam hub hub
--
--   id                  the hub; this node's own when it follows nobody
--   known               hub to the {session, version} of this node's values that it surely has
--   outbox, epoch       what this hub is not known to have, and which outbox it is
--   confirmed, sent     of the outbox: versions
--   unconfirmed_since   when the first of what is not confirmed was sent
--   have, told          versions of the hub's values: received, and confirmed to it
--   waiting             rounds in which `have` was not told
function follower.new(hub)
  return setmetatable({ hub = hub, known = {}, epoch = 0 }, Follower)
end

--- Follows a node from here on, and gets ready all that it is not known to have.
-- @tparam string id
function Follower:follow(id)
  self.id = id
  self.epoch = self.epoch + 1
  self.outbox = seen.new()
  self.confirmed, self.sent, self.have, self.told, self.waiting = 0, 0, 0, 0, 0
  self.unconfirmed_since, self.session, self.time, self.is_asked = nil, nil, nil, false
  self.heard_at = node.now()
  if id ~= node.id then
    local known = self.known[id]
    self.outbox:merge(self.hub.values:values(known and known.version or 0))
    if not self.watch then
      self.watch = node.every(self.hub.parameters.keepalive, function() self:check_hub() end)
    end
  end
  self:at(0)
end

--- Takes values that the hub has not sent.
-- @tparam table list
function Follower:offer(list)
  if self.id ~= node.id then
    self.outbox:merge(list)
    if not self.slot then
      self:at(0)
    end
  end
end

--- Whether a node is the one to follow: the hub, or an earlier one, which then becomes it.
-- @tparam string id
-- @treturn boolean
function Follower:hears(id)
  local order = self.hub.order
  if order[id] < order[self.id] then
    self:follow(id)
  end
  return id == self.id
end

-- Runs the slot after a time.
function Follower:at(delay)
  if self.slot then
    self.slot:cancel()
  end
  self.slot = node.after(delay, function() self:answer() end)
end

-- The way to the hub and back, with something to spare.
function Follower:round_trip()
  return 2 * (self.delay or self.hub.parameters.window) + self.hub.parameters.margin
end

-- A hub that says nothing at all, not even that it is there, is left too.
function Follower:check_hub()
  if self.id ~= node.id and node.now() - self.heard_at > 3 * self.hub.parameters.keepalive then
    self.is_asked = true
    self:follow_next()
  end
end

-- The hub does not confirm: on to the next id, or, at this node's own, to nobody.
function Follower:follow_next()
  self:follow(node.ids[self.hub.order[self.id] + 1])
  self.is_lost = true
end

-- Whether there is something to tell the hub in this slot.
function Follower:is_due()
  if self.outbox:version() > self.sent or self.is_asked then
    return true
  elseif self.sent > self.confirmed then
    return node.now() - self.sent_at > self.hub.parameters.window + self:round_trip()
  end
  return self.have > self.told and self.waiting >= self.hub.parameters.patience
end

-- The slot: the time to answer so that it reaches the hub just before its next tick.
function Follower:answer()
  local parameters = self.hub.parameters
  self.slot = nil
  if self.id == node.id then
    return
  end
  -- A hub that was found by trying gets less time: it may be as unreachable as the one before.
  local patience = (self.is_lost and 1 or parameters.patience) * parameters.window
  if self.unconfirmed_since and node.now() - self.unconfirmed_since > patience + self:round_trip() then
    self:follow_next()
    return
  end
  if self:is_due() then
    self:send()
  end
  if self.outbox:version() > self.confirmed or self.have > self.told then
    self:at(parameters.window)
  end
end

function Follower:send()
  local now = node.now()
  node.send(self.id, {
    type = "hub_up",
    values = self.outbox:since(self.confirmed),
    from = self.confirmed,
    version = self.outbox:version(),
    epoch = self.epoch,
    have = self.have,
    session = self.session,
    time = self.time,
    held = now - self.heard_at,
  })
  self.sent, self.sent_at = self.outbox:version(), now
  self.version_when_sent = self.hub.values:version()
  self.told, self.waiting, self.is_asked = self.have, 0, false
  if self.sent > self.confirmed then
    self.unconfirmed_since = self.unconfirmed_since or now
  end
end

--- A message from the hub; its values are merged already.
-- @tparam table body
-- @tparam integer new how many of the values were new
function Follower:receive(body, new)
  if self.session and body.session ~= self.session then
    self.known[self.id] = nil -- it was restarted and has forgotten what it had
    self:follow(self.id)
  end
  self.session, self.have, self.time = body.session, body.version, body.time
  self.heard_at, self.is_lost = node.now(), false
  self.delay = body.delay or self.delay
  if body.epoch == self.epoch and body.got > self.confirmed then
    self.confirmed = body.got
    self.unconfirmed_since = nil
    if self.confirmed == self.sent then
      self.known[self.id] = { version = self.version_when_sent }
    end
  end
  -- One that brings nothing new was sent because the last one was not confirmed.
  self.waiting = new == 0 and self.hub.parameters.patience or self.waiting + 1
  local parameters = self.hub.parameters
  local wait = body.delay and parameters.window - self:round_trip() or 0
  while wait < 0 do
    wait = wait + parameters.window
  end
  self:at(wait)
end

return follower
