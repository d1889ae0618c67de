--- Spreads the state of a replicated data type among all nodes, a message per node and window.
--
--     local total = pn_counter.new()
--     gossip.start(total, { window = 1 })
--
-- In each window a node sends its whole state to one other node, which merges it: so a message also
-- passes on what others have said, and a lost one is made good by the next. The nodes stand in a
-- ring, and in turn each sends to the one 1, 2, 4, .. places further on: after log2(n) windows in
-- step everybody has heard of everybody (the dissemination algorithm of D. Hensgen, R. Finkel,
-- U. Manber, Two Algorithms for Barrier Synchronization, 1988).
--
-- It gets quiet when nothing is new. A node knows the last state that it got from another; while
-- that is its own, the other one has all there is, and needs nothing. Who gets a state whose sender
-- does not know so yet ("settled" is false) owes it an answer, in a window as any other.
--
-- Cost: n messages a window while things change, however many changes; then two or three for each
-- pair that talks, log2(n) pairs a node, and then none. A message has the whole state: this is for
-- counters, registers, and sets that are small. Large sets are better spread by hearsay.gossip.
--
-- Survives loss, duplication, reordering, pauses, and partitions of any shape that end: what was
-- not heard is sent again in the next window, and states that come late or twice change nothing. A
-- node that was killed and has forgotten everything says so by its first state, and gets all that
-- others had from it; what it had told nobody yet is gone.
-- @module hearsay.crdt.gossip

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local node = require "hearsay"
local take_options = require "hearsay.take_options"

local OPTIONS = {
  name = { "string", default = "state" },
  window = { "number", default = 1, above = 0, finite = true },
}

local Gossip = {}
Gossip.__index = Gossip

local gossip = {}

--- Starts to spread a replica. Call in the script's main part.
-- @param replica an object of hearsay.crdt, or any that has state() and merge(state) as those have:
--   equal objects have equal states
-- @tparam[opt] table options
-- @tparam[opt=1] number options.window seconds from one message of a node to its next
-- @tparam[opt="state"] string options.name the type of its messages; for another replica in the
--   same script
-- @raise on options that are none
function gossip.start(replica, options)
  options = take_options("gossip.start", OPTIONS, options or {})
  local self = setmetatable({
    replica = replica, name = options.name,
    ring = {}, -- the other nodes, from the next one on
    known = {}, -- node id to the text of the last state that came from it
    is_owed = {}, -- node id to whether it waits for an answer
    turn = 0, -- place in the ring of the last one that was sent to
    windows = 0, -- that have passed
  }, Gossip)
  node.on_init(function()
    self:make_ring()
    node.every(options.window, function() self:run_turn() end)
  end)
  node.on(self.name, { state = "any", settled = "boolean" }, function(msg)
    self:receive(msg.src, msg.body)
  end)
end

function Gossip:make_ring()
  local own_place
  for place, id in ipairs(node.ids) do
    own_place = id == node.id and place or own_place
  end
  local distance = 1
  for i = 1, #node.ids - 1 do
    local id = node.ids[(own_place + i - 1) % #node.ids + 1]
    self.ring[i] = { id = id, is_link = i == distance }
    self.is_owed[id] = false
    distance = i == distance and 2 * distance or distance
  end
end

-- Whether a node is to be told. One that was sent just this has a window in which to answer.
function Gossip:is_due(peer, text)
  if self.is_owed[peer.id] then
    return true
  end
  return peer.is_link and self.known[peer.id] ~= text
    and (peer.sent ~= text or self.windows - peer.sent_in > 1)
end

-- Sends to the next in the ring that is due, if there is one.
function Gossip:run_turn()
  local text = json.encode(self.replica:state(), true)
  self.windows = self.windows + 1
  for step = 1, #self.ring do
    local place = (self.turn + step - 1) % #self.ring + 1
    local peer = self.ring[place]
    if self:is_due(peer, text) then
      node.send(peer.id, { type = self.name, state = json.raw(text),
        settled = self.known[peer.id] == text })
      self.is_owed[peer.id], self.turn = false, place
      peer.sent, peer.sent_in = text, self.windows
      return
    end
  end
end

function Gossip:receive(id, body)
  if self.is_owed[id] == nil then
    error(errors.new("malformed_request", ("%s: expected from another node of the cluster")
      :format(self.name)), 0)
  end
  local is_changed, err = self.replica:merge(body.state)
  if is_changed == nil then
    error(err, 0)
  end
  self.known[id] = json.encode(body.state, true)
  self.is_owed[id] = not body.settled
end

return gossip
