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
--   hubs                id to what is known of a hub: its session; `known`, the version of this
--                       node's values that it surely has; `have`, the version of its values that
--                       this node has
--   outbox, epoch       what this hub is not known to have, and which outbox it is
--   confirmed, sent     of the outbox: versions
--   unconfirmed_since   when the first of what is not confirmed was sent
--   told                version of the hub's values that was confirmed to it
--   waiting             rounds in which what was received was not confirmed
--   tick_at             when the hub ticks, by this node's clock; nil until it has said so
--   delay, deviation    one way, in seconds; nil until measured
function follower.new(hub)
  return setmetatable({ hub = hub, hubs = {}, epoch = hub.session }, Follower)
end

--- Follows a node from here on, and gets ready all that it is not known to have.
-- @tparam string id
function Follower:follow(id)
  self.id = id
  self.of_hub = self.hubs[id] or { known = 0, have = 0 }
  self.hubs[id] = self.of_hub
  self.epoch = self.epoch + 1
  self.outbox = seen.new()
  self.confirmed, self.sent, self.told, self.waiting = 0, 0, 0, 0
  self.unconfirmed_since, self.is_asked = nil, false
  self.tick_at, self.delay, self.deviation, self.echo = nil, nil, nil, nil
  self.heard_at = node.now()
  if id ~= node.id then
    self.outbox:merge(self.hub.values:values(self.of_hub.known))
    if not self.watch then
      self.watch = node.every(self.hub.parameters.keepalive, function() self:check_hub() end)
    end
  end
  self.hub.leader:lead(id == node.id)
  self:run_after(0)
end

--- Takes values that the hub has not sent.
-- @tparam table list
function Follower:offer(list)
  if self.id ~= node.id then
    self.outbox:merge(list)
    if not self.slot or not self.tick_at then
      self:run_after(self:until_slot(0))
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

-- How long a message may be under way: one way, with something to spare for its deviation.
function Follower:one_way()
  return self.delay and self.delay + 4 * self.deviation or self.hub.parameters.window
end

-- Seconds until the next slot: the time to send so that it reaches the hub just before a tick.
-- Until the hub has said when that is, `otherwise`.
function Follower:until_slot(otherwise)
  if not self.tick_at then
    return otherwise
  end
  local parameters = self.hub.parameters
  local slot = self.tick_at - self:one_way() - parameters.margin
  local wait = (slot - node.now()) % parameters.window
  return wait < 0.001 and parameters.window or wait -- less than that, and it is this slot
end

function Follower:run_after(delay)
  if self.slot then
    self.slot:cancel()
  end
  self.slot = node.after(delay, function() self:run_slot() end)
end

-- A hub that says nothing at all, not even that it is there, is left too.
function Follower:check_hub()
  if self.id ~= node.id and node.now() - self.heard_at > 3 * self.hub.parameters.keepalive then
    self:follow_next()
    self.is_asked = true
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
    -- Messages seem slow for long after one that waited for a node that stood still.
    local one_way = math.min(self:one_way(), self.hub.parameters.window)
    return node.now() - self.sent_at > 2 * one_way
  end
  return self.of_hub.have > self.told and self.waiting >= self.hub.parameters.patience
end

function Follower:run_slot()
  local parameters = self.hub.parameters
  self.slot = nil
  if self.id == node.id then
    return
  end
  -- A hub that was found by trying gets less time: it may be as unreachable as the one before.
  local patience = (self.is_lost and 1 or parameters.patience) * parameters.window
  if self.unconfirmed_since
    and node.now() - self.unconfirmed_since > patience + 2 * self:one_way() then
    self:follow_next()
    return
  end
  if self:is_due() then
    self:send()
  end
  if self.outbox:version() > self.confirmed or self.of_hub.have > self.told then
    self:run_after(self:until_slot(self.hub.parameters.window))
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
    have = self.of_hub.have,
    session = self.of_hub.session,
    time = now,
  })
  self.sent, self.sent_at = self.outbox:version(), now
  self.version_when_sent = self.hub.values:version()
  self.told, self.waiting, self.is_asked = self.of_hub.have, 0, false
  if self.sent > self.confirmed then
    self.unconfirmed_since = self.unconfirmed_since or now
  end
end

-- Learns from a message of the hub how long one is under way, and when the hub ticks.
function Follower:measure(body)
  local now = node.now()
  if body.time and body.held and body.time ~= self.echo then
    self.echo = body.time
    local sample = math.max(0, (now - body.time - body.held) / 2)
    if not self.delay then
      self.delay, self.deviation = sample, 0
    else
      self.deviation = 0.75 * self.deviation + 0.25 * math.abs(self.delay - sample)
      self.delay = 0.875 * self.delay + 0.125 * sample
    end
  end
  if self.delay then
    self.tick_at = now - self.delay + body.next
  end
end

--- A message from the hub; its values are merged already.
-- @tparam table body
-- @tparam integer new how many of the values were new
function Follower:receive(body, new)
  local of_hub = self.of_hub
  if of_hub.session ~= body.session then
    local is_known = of_hub.session
    of_hub.session, of_hub.known, of_hub.have = body.session, 0, 0
    if is_known then
      self:follow(self.id) -- it was restarted and has forgotten what it had
    end
  end
  if body.from <= of_hub.have then
    of_hub.have = math.max(of_hub.have, body.version)
  else
    self.is_asked = true -- the hub takes this node for one that has more
  end
  self.heard_at, self.is_lost = node.now(), false
  self:measure(body)
  if body.epoch == self.epoch and body.got > self.confirmed then
    self.confirmed = body.got
    self.unconfirmed_since = nil
    if self.confirmed == self.sent then
      of_hub.known = self.version_when_sent
    end
  end
  -- One that brings nothing new was sent because the last one was not confirmed.
  self.waiting = new == 0 and self.hub.parameters.patience or self.waiting + 1
  self:run_after(self:until_slot(0))
end

return follower
