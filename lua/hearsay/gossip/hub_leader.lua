--- What a hub does for its followers; see hearsay.gossip.hub.
-- @module hearsay.gossip.hub_leader

local node = require "hearsay"

-- Windows after which what was not confirmed is sent once more, though nothing is new.
local RESEND = 2
-- Seconds between knocks at a follower that is silent.
local KNOCK = 1

local Leader = {}
Leader.__index = Leader

local leader = {}

--- The leading part of a node; it does nothing until it leads all or somebody follows.
-- @tparam hub hub
function leader.new(hub)
  return setmetatable({ hub = hub, followers = {}, ids = {} }, Leader)
end

-- A node that follows this one. Versions are of the hub's values, unless said otherwise.
--
--   confirmed, sent      what it has, what it was sent
--   epoch, got           which of its outboxes it sends from, and that outbox's version so far
--   owes                 whether `got` is to be confirmed
--   silent               windows since it was heard, while something is not confirmed
--   quiet                windows since it was sent something
--   time, heard_at       the follower's time in its last message, and when that came
function Leader:take(id)
  local follower = { confirmed = 0, sent = 0, got = 0, silent = 0, quiet = 0 }
  self.followers[id] = follower
  self.ids[#self.ids + 1] = id
  table.sort(self.ids, function(a, b) return self.hub.order[a] < self.hub.order[b] end)
  if not self.timer then
    local window = self.hub.parameters.window
    self.next_tick = node.now() + window
    self.timer = node.every(window, function()
      self.next_tick = node.now() + window
      self:tick()
    end)
  end
  return follower
end

--- Says whether this node leads all behind it in the list, as one that follows nobody does: whether
-- they know of it or not, it sends them what the first hub is not known to have.
-- @tparam boolean leads_all
function Leader:lead(leads_all)
  self.leads_all = leads_all
  local first = self.hub.follower.hubs[node.ids[1]]
  for i = self.hub.order[node.id] + 1, #node.ids do
    local id = node.ids[i]
    local follower = self.followers[id]
    if leads_all and not follower then
      follower = self:take(id)
      follower.confirmed, follower.sent = first.known, first.known
    elseif follower and not leads_all and not follower.time then
      self:drop(id) -- it never followed
    end
  end
end

function Leader:drop(id)
  self.followers[id] = nil
  for i, other in ipairs(self.ids) do
    if other == id then
      table.remove(self.ids, i)
      break
    end
  end
  if not self.ids[1] then
    self.timer:cancel()
    self.timer = nil
  end
end

function Leader:send(id, follower)
  local values = self.hub.values
  node.send(id, {
    type = "hub_down",
    values = values:since(follower.confirmed),
    from = follower.confirmed,
    version = values:version(),
    session = self.hub.session,
    epoch = follower.epoch,
    got = follower.got,
    time = follower.time,
    held = follower.time and node.now() - follower.heard_at,
    next = self.next_tick - node.now(),
  })
  follower.sent = values:version()
  follower.owes = false
  follower.quiet = 0
end

-- Whether a follower is to be sent something in this round.
function Leader:is_due(follower)
  local parameters = self.hub.parameters
  if follower.silent > 2 * parameters.patience then
    return follower.quiet * parameters.window >= KNOCK
  end
  return follower.owes or follower.sent < self.hub.values:version()
    or (follower.confirmed < follower.sent and follower.quiet >= RESEND)
    or follower.quiet * parameters.window >= parameters.keepalive
end

--- A round.
function Leader:tick()
  for _, id in ipairs(table.move(self.ids, 1, #self.ids, 1, {})) do
    local follower = self.followers[id]
    follower.quiet = follower.quiet + 1
    follower.silent = follower.confirmed < follower.sent and follower.silent + 1 or 0
    if follower.silent > 2 * self.hub.parameters.patience and not self.leads_all then
      self:drop(id) -- it has gone back to its own hub
    elseif self:is_due(follower) then
      self:send(id, follower)
    end
  end
end

--- A message from a follower; its values are merged already.
-- @tparam string id
-- @tparam table body
function Leader:receive(id, body)
  local follower = self.followers[id] or self:take(id)
  if body.epoch ~= follower.epoch then
    follower.epoch, follower.got = body.epoch, 0
  end
  -- The values go on from `from`; before that there is nothing new in this epoch.
  if body.from <= follower.got then
    follower.got = math.max(follower.got, body.version)
  end
  local is_first = not follower.time
  follower.time, follower.heard_at = body.time, node.now()
  follower.owes = true
  follower.silent = 0
  if body.session == self.hub.session then
    follower.confirmed = math.min(body.have, self.hub.values:version())
  else
    follower.confirmed, follower.sent = 0, 0
  end
  if is_first then
    self:send(id, follower)
  end
end

return leader
