--- A link: what one node sends another of a set, numbered, confirmed, and repeated when lost.
--
-- The version of a seen-set numbers its values. A message of a link says from which version to
-- which its values go, and confirms how far the sender has got with the receiver's set:
--
--     { values = [..], from = 3, version = 5,    the values 4 and 5 of the sender's set,
--       session = s,                             which is gone after a restart;
--       got = 7, of = t }                        here are 7 values of the receiver's session t
--
-- A message carries all that is not confirmed, so what a lost one carried is in the next, and
-- messages may come late, twice, or in another order. A node that was restarted has another
-- session: who hears from it begins with it anew; it itself is sent what goes on from a version
-- that it does not have, and says so.
--
-- The link is only the bookkeeping: when to send is the policy's. Every call is O(1), but for the
-- text of the values.
-- @module hearsay.gossip.link

local node = require "hearsay"

local Link = {}
Link.__index = Link

local link = {}

--- What a message of a link has to have, for node.on.
link.FIELDS = {
  values = "array", from = "integer", version = "integer", session = "integer", got = "integer",
  of = "integer?",
}

local session

--- Tells this run of the node from one before a restart, whose versions mean nothing now. Call it
-- after init.
-- @treturn integer always the same
function link.session()
  session = session or node.random(1 << 53)
  return session
end

--- A table of links by node id, each made when it is first asked for.
-- @tparam seen set what the others are to get
-- @treturn table id to link
--
--   - id: whom to
--   - confirmed, sent: versions of our set that it said it has, that it was sent; sent_at: when
--   - known: version of our set that it surely has, whether or not it said so
--   - theirs: its session
--   - got, told: versions of its set that are here, that it was told are here; heard_at: when it
--     last said something
function link.all(set)
  return setmetatable({}, {
    __index = function(links, id)
      links[id] = setmetatable({
        id = id, set = set,
        confirmed = 0, known = 0, sent = 0, sent_at = -math.huge,
        got = 0, told = 0, heard_at = -math.huge,
      }, Link)
      return links[id]
    end,
  })
end

--- Sends all that is not confirmed.
-- @tparam string kind the type of the message
function Link:send(kind)
  node.send(self.id, {
    type = kind,
    values = (self.set:since(math.max(self.confirmed, self.known))),
    from = self.confirmed,
    version = self.set:version(),
    session = link.session(),
    got = self.got,
    of = self.theirs,
  })
  self.sent, self.sent_at, self.told = self.set:version(), node.now(), self.got
end

--- Whether it lacks something that it was not sent yet.
function Link:has_news()
  return math.max(self.sent, self.known) < self.set:version()
end

--- Whether it was sent something so long ago that it must be lost, or its confirmation.
-- @tparam number patience seconds
function Link:is_overdue(patience)
  return math.max(self.confirmed, self.known) < self.sent and node.now() - self.sent_at >= patience
end

--- Whether it is to be told how much of its set is here.
function Link:owes()
  return self.told < self.got
end

--- Takes a confirmation; one of another session of either side means nothing.
-- @tparam integer theirs the session of the other side
-- @tparam[opt] integer of the session of ours that it had
-- @tparam integer got
function Link:confirm(theirs, of, got)
  if theirs == self.theirs and of == session then
    self.confirmed = math.max(self.confirmed, math.min(got, self.set:version()))
  end
end

--- Takes a message; its values are the caller's to merge.
-- @tparam table body
-- @treturn boolean whether the other side knows less of us than we thought: it was restarted, or
-- goes on
--   where we were before a restart of ours, or repeats what we have confirmed. A message helps
function Link:receive(body)
  local is_restarted = self.theirs and body.session ~= self.theirs
  self.heard_at = node.now()
  if is_restarted then
    self.got, self.told = 0, 0
    self.confirmed, self.known, self.sent_at = 0, 0, -math.huge
  end
  self.theirs = body.session
  self:confirm(body.session, body.of, body.got)
  if body.from > self.got then
    return true
  end
  local is_repeated = #body.values > 0 and body.version <= self.told
  local owed = self:owes()
  self.got = math.max(self.got, body.version)
  if #body.values == 0 and not owed then
    self.told = self.got -- all of that came from us
  end
  return is_restarted or is_repeated
end

--- Says that what our set has got since a version came from the other side. If that had all before,
-- it has all now, and is not sent its own values; otherwise they go back to it once.
-- @tparam integer before a version of our set
function Link:skip(before)
  if math.max(self.confirmed, self.known) == before then
    self.known = self.set:version()
  end
end

return link
