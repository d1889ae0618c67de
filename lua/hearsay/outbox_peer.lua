--- What an outbox knows of one other node: the stream of batches to it, and how far it has got with
-- the stream from it.
--
--     queue      | confirmed | under way  | not sent yet |
--                0       confirmed       sent           last
--
-- The queue numbers its batches from 1 in each session of the peer; what is confirmed leaves it.
-- @module hearsay.outbox_peer

local json = require "hearsay.json"

local Peer = {}
Peer.__index = Peer

local outbox_peer = {}

--- A peer of which nothing is known yet.
-- @tparam string id
function outbox_peer.new(id)
  return setmetatable({
    id = id,
    session = nil, -- of the peer, once it has told
    knows_us = false, -- whether it has sent something to this session of this node
    restarts = 0, -- how many sessions it had before that one
    asked_session = nil, asked = nil, -- one that may be its next, and what that was asked
    queue = {}, last = 0, sent = 0, confirmed = 0,
    repeats = 0, -- how many batches at the front tell a restarted peer what was there before
    closed = 0, -- our batch whose place in the queue is `repeats`
    greeted_at = -math.huge, -- when it was asked last for what it has
    waits_since = -math.huge, -- for a confirmation
    is_silent = false, -- whether that took too long, and nothing has come since
    got = 0, told = nil, -- the last of its batches that is here, and what of that it was told
    is_complete = false, -- whether all was here that it had, at some time in its session
    is_met = false, -- and whether that ever was so
  }, Peer)
end

--- The question by which to see whether a session that is not the known one is that of the peer as
-- it is now: only a message of before a restart does not come back with the answer.
-- @tparam integer session
-- @tparam function random see node.random
-- @treturn integer
function Peer:question(session, random)
  if self.asked_session ~= session then
    self.asked_session, self.asked = session, random(1 << 53)
  end
  return self.asked
end

--- Takes note of the session in which the peer is.
-- @tparam integer session not the known one
function Peer:meet(session)
  self.restarts = self.restarts + (self.session and 1 or 0)
  self.session, self.got, self.told, self.is_complete = session, 0, nil, false
  self.is_silent, self.knows_us, self.asked_session = false, false, nil
end

--- Begins the stream again, for a peer that has forgotten.
-- @tparam {batch,...} queue all that it is to be told; the list is kept
-- @tparam integer repeats how many of them are no batches of ours, at the front
-- @tparam integer closed the number of our batch after which the others come
function Peer:restart(queue, repeats, closed)
  self.queue, self.last, self.sent, self.confirmed = queue, #queue, 0, 0
  self.repeats, self.closed = repeats, closed
end

--- Adds a batch to the stream.
-- @tparam table batch {raw = what json.raw returned for an array, bytes = its length}
function Peer:push(batch)
  self.last = self.last + 1
  self.queue[self.last] = batch
end

-- Whether what is under way counts as lost.
function Peer:is_lost(now, resend)
  return self.confirmed < self.sent and now - self.waits_since >= resend
end

--- Whether it is time to greet it: it may not know this session, or the message that told the rest
-- of what it has was lost, and it sends no other by itself.
-- @tparam number now seconds
-- @tparam number resend seconds from one time to the next
function Peer:is_unheard(now, resend)
  return not self.is_complete and now - self.greeted_at >= resend
end

--- Whether it is time for a message.
-- @tparam number now seconds
-- @tparam number resend seconds without a confirmation after which all under way counts as lost
function Peer:is_due(now, resend)
  return self.knows_us and (self.told ~= self.got or self:is_lost(now, resend)
    or (self.sent < self.last and not self.is_silent))
end

--- What is to be sent now: what was not; and to one that is silent, from what it confirmed on.
-- @tparam number now
-- @tparam number resend
-- @tparam integer limit bytes, which a single batch may exceed
-- @treturn integer the number of the batch before the first
-- @treturn {raw,...} batches
function Peer:take(now, resend, limit)
  self.is_silent = self.is_silent or self:is_lost(now, resend)
  if self.is_silent then
    self.sent = self.confirmed
  end
  if self.sent == self.confirmed then
    self.waits_since = now
  end
  local from, batches, bytes = self.sent, json.array(), 0
  while self.sent < self.last do
    local batch = self.queue[self.sent + 1]
    bytes = bytes + batch.bytes
    if batches[1] and bytes > limit then
      break
    end
    self.sent = self.sent + 1
    batches[#batches + 1] = batch.raw
  end
  self.told = self.got
  return from, batches
end

--- Whether the peer has been sent everything.
function Peer:is_told()
  return self.sent == self.last
end

--- Takes a confirmation.
-- @tparam integer got the last of our batches that the peer has, as it says
-- @treturn boolean whether that is news
function Peer:confirm(got, now)
  got = math.min(got, self.last)
  if got <= self.confirmed then
    return false
  end
  for i = self.confirmed + 1, got do
    self.queue[i] = nil
  end
  self.confirmed, self.sent = got, math.max(self.sent, got)
  self.waits_since, self.is_silent = now, false
  return true
end

--- The last of our batches that the peer is known to have with all before it, 0 for none.
function Peer:has()
  return self.confirmed < self.repeats and 0 or self.confirmed - self.repeats + self.closed
end

--- Takes the peer's batches.
-- @tparam integer from the number of the one before the first
-- @tparam {{entry,...},...} batches
-- @tparam boolean is_complete whether there were no more when they were sent
-- @treturn ?{entry,...} those that are new, in order; nil when the message tells nothing new
function Peer:accept(from, batches, is_complete)
  local skip, last = self.got - from, from + #batches
  if skip < 0 then
    return nil -- some before them are missing, and will be sent again
  elseif last <= self.got then
    if batches[1] then
      self.told = nil -- it has not heard of our confirmation
    end
    if not is_complete or self.is_complete or last < self.got then
      return nil
    end
  end
  local entries = json.array()
  for i = skip + 1, #batches do
    table.move(batches[i], 1, #batches[i], #entries + 1, entries)
  end
  self.got = math.max(self.got, last)
  self.is_complete = self.is_complete or is_complete
  self.is_met = self.is_met or is_complete
  return entries
end

return outbox_peer
