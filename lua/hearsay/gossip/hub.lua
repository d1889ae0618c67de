--- Hub rounds: all values go through one node, the hub, which sends to everybody else once a round.
--
--           leaf                          hub
--     value  |                             |
--            |--- up: values, have v3 ---->|           just before the tick
--            |                             | tick: every `window` seconds
--            |<-- down: values, v5, got ---|
--            |                             |           up arrives one window later, again
--
-- *Down* carries what the leaf has not confirmed, and confirms what the leaf has sent; *up* carries
-- what the hub has not confirmed, and confirms what the hub has sent. So no message is only an
-- acknowledgement, and what a lost message carried is in the next one. A leaf sends in a round when
-- it has values of its own; one that has none lets some rounds pass before it confirms. *Up* leaves
-- so that it arrives just before a tick: each down says when the next tick is, and from its own
-- times that come back the leaf knows how long a message is under way (smoothed as in RFC 6298,
-- section 2). No clock is shared. A leaf's first message is answered at once, so that it gets into
-- step.
--
-- Cost: n-1 messages down and at most n-1 up per window; a leaf that takes values at rate r answers
-- with probability 1 - e^(-r window). A value arrives after at most the window, the margin and two
-- hops. When nothing is new, nothing is sent but a keep-alive.
--
-- Survives loss, partitions, and nodes that are cut off, silent or restarted. The first id is the
-- hub. A leaf that has no confirmation for `patience` windows turns to the next id in the list,
-- which takes it as a follower and goes on as a hub for its followers and as a leaf towards its
-- own hub. One that has come to itself follows nobody, and is the hub of all behind it, even of
-- those who had nothing to say and so have not missed the first one; so those who can reach each
-- other share values again. A hub knocks at a silent follower now and then, and a leaf that hears
-- from an earlier id follows that one again and sends it all that it is not known to have. Since
-- everybody follows an earlier id than its own, or itself, there are no circles. For the same
-- reason a node that reaches no earlier id, while those behind it do, is heard by them but hears
-- them only after the cut: n1, say, where nothing but the link from n0 to n1 is gone.
-- @module hearsay.gossip.hub

local follower = require "hearsay.gossip.hub_follower"
local gossip = require "hearsay.gossip"
local leader = require "hearsay.gossip.hub_leader"
local link = require "hearsay.gossip.link"
local node = require "hearsay"
local seen = require "hearsay.seen"

local Hub = {}
Hub.__index = Hub

local hub = {}

--- Starts hub rounds.
-- @tparam table options
-- @tparam[opt=0.3] number options.window seconds from tick to tick
-- @tparam[opt=0.02] number options.margin how long before a tick an up should arrive, in seconds
-- @tparam[opt=3] number options.patience windows without confirmation until a leaf turns to another
--   hub, or confirms although it has no values of its own
-- @tparam[opt=10] number options.keepalive seconds after which a hub that has nothing to say says
--   so
-- @treturn hub
function hub.start(options)
  local parameters = gossip.parameters(options,
    { window = 0.3, margin = 0.02, patience = 3, keepalive = 10 },
    { window = gossip.POSITIVE, keepalive = gossip.POSITIVE })
  local self = setmetatable({ values = seen.new(), parameters = parameters, order = {} }, Hub)

  node.on_init(function()
    for i, id in ipairs(node.ids) do
      self.order[id] = i
    end
    self.session = link.session()
    self.leader = leader.new(self)
    self.follower = follower.new(self)
    self.follower:follow(node.ids[1])
  end)

  node.on("hub_up", { values = "array", from = "natural", version = "natural", epoch = "integer",
    have = "natural", session = "integer?", time = "seconds" }, function(msg)
    if self.order[msg.src] then -- or it is no node of this cluster
      self:merge(msg.body.values, true)
      self.leader:receive(msg.src, msg.body)
    end
  end)

  node.on("hub_down", { values = "array", from = "natural", version = "natural",
    session = "integer", epoch = "integer?", got = "natural", time = "seconds?",
    held = "seconds?", next = "number" }, function(msg)
    if self.order[msg.src] and self.follower:hears(msg.src) then
      self.follower:receive(msg.body, self:merge(msg.body.values, false))
    elseif self.order[msg.src] then
      self:merge(msg.body.values, true)
    end
  end)
  return self
end

-- Adds values that another node has sent; returns how many were new. What did not come from the hub
-- that this node follows has to go to it.
function Hub:merge(list, is_for_hub)
  local before = self.values:version()
  local count = self.values:merge(list)
  if count > 0 and is_for_hub then
    self.follower:offer(self.values:values(before))
  end
  return count
end

--- Takes a value from a client.
-- @param value anything that JSON can say
-- @treturn boolean whether it is new
function Hub:add(value)
  local is_new = self.values:add(value)
  if is_new then
    self.follower:offer({ value })
  end
  return is_new
end

return hub
