--- What a leader does: sends its log to the others, and sees what a majority has.
--
-- Requests that come within `window` seconds go out in one *round*: an append to each peer, with
-- the entries that it was not sent yet. The next round does not wait for the answers to this one:
-- that is pipelining (dissertation, section 10.2). Each append has a number, which its answer
-- repeats, and is a heartbeat too; without requests there is a round every `heartbeat` seconds.
--
--     leader                                  follower
--       |-- append: entries, commit, number ---->|   writes, syncs
--       |<-- appended: match, number ------------|
--       | a majority matches: committed          |
--       |-- commit: index, reads ---------------->|  only to those whose requests wait for it;
--       |                                        |   the others learn it by the next round
--
-- The same answers confirm that this is still the leader, for reads (dissertation, section 6.4): a
-- read that came before an append of a number went out is up to date once a majority has answered
-- that number or a later one. So reads cost no messages of their own, and no clocks are compared.
-- @module hearsay.raft.replication

local json = require "hearsay.json"
local node = require "hearsay"
local transfer = require "hearsay.raft.transfer"

local Replication = {}
Replication.__index = Replication

local replication = {}

--- The leader's side for the server's present term.
-- @tparam table server see hearsay.raft
function replication.new(server)
  local self = setmetatable({
    server = server, term = server.term,
    first = 0, -- the index of the first entry of this term
    number = 0, -- of the last append
    round_at = -math.huge,
    peers = {}, -- by id
    synced = 0, -- this server's own log is durable up to here
    is_syncing = false,
    proposed = {}, -- requests in the log that are not applied yet, as a set of texts
    waiting = {}, -- id to a list of {session, read, index, number}: reads to be confirmed
    confirmed = {}, -- id to {session, read, index}: the last reads that are
  }, Replication)
  for _, id in ipairs(node.peers) do
    self.peers[id] = {
      id = id,
      next = server.log:last() + 1, -- the entry to send next
      match = 0, -- the log is known to agree up to here
      answered = 0, -- the highest number that it answered
      repaired = 0, -- the number from which on it is sent what it said it lacks
      is_behind = false, -- there was more to send than fits into a message
      heard_at = node.now(),
      transfer = nil, -- of a snapshot
    }
  end
  return self
end

--- Begins to lead: with an entry of its own term, since only by that those of older terms are
-- committed (section 8).
function Replication:start()
  self.first = self.server.log:last() + 1
  self:append({ false })
  self:run_round()
  self.timer = node.every(self.server.options.heartbeat / 2, function()
    if node.now() - self.round_at >= self.server.options.heartbeat * 0.99 then
      self:run_round()
    end
  end)
end

function Replication:stop()
  self.timer:cancel()
  if self.soon then
    self.soon:cancel()
  end
end

function Replication:is_current()
  return self.server.replication == self
end

--- Whether a majority, itself included, was heard within some seconds.
function Replication:hears_majority(seconds)
  local count, since = 1, node.now() - seconds
  for _, peer in pairs(self.peers) do
    count = count + (peer.heard_at >= since and 1 or 0)
  end
  return count >= self.server.quorum
end

-- Appends commands, and has them synced. The disk is at work while the others get them
-- (dissertation, section 10.2.1); until it is done this server does not count itself.
function Replication:append(commands)
  local server = self.server
  local first = server.log:last() + 1
  for _, command in ipairs(commands) do
    server.log:append(self.term, command)
  end
  server.storage:put_entries(first, (server.log:slice(first, math.huge)))
  if not self.is_syncing then
    self.is_syncing = true
    node.spawn(function() self:sync() end)
  end
end

function Replication:sync()
  local server = self.server
  while self:is_current() and self.synced < server.log:last() do
    local last = server.log:last()
    server.storage:sync()
    self.synced = last
    self:count()
  end
  self.is_syncing = false
end

--- Takes requests of a server, which may be this one.
-- @tparam string origin
-- @tparam table body as of a raft_forward
function Replication:take(origin, body)
  local fresh = {}
  for _, request in ipairs(body.requests) do
    local number, operation = request[1], request[2]
    local mark = ("%s %d %d"):format(origin, body.session, number)
    if not self.proposed[mark] and not self.server.sessions:result(origin, body.session, number)
    then
      self.proposed[mark] = true
      fresh[#fresh + 1] = json.array({ origin, body.session, number, body.floor, operation })
    end
  end
  if fresh[1] then
    self:append(fresh)
  end
  local is_news = body.read > 0 and self:take_read(origin, body.session, body.read)
  if fresh[1] or is_news then
    self:hurry()
  end
end

-- Reads up to a number of an origin are up to date when they see what is committed now, provided
-- that this is still the leader; that is what the next append will tell. What older leaders have
-- committed is known once the first entry of this term is, which is the last there is at the start.
function Replication:take_read(origin, session, read)
  local known = self.confirmed[origin]
  if known and (session < known.session or (session == known.session and read <= known.read)) then
    return self:notify(origin) -- it did not hear of it
  end
  self.waiting[origin] = self.waiting[origin] or {}
  table.insert(self.waiting[origin], { session = session, read = read,
    index = math.max(self.server.commit, self.first), number = self.number + 1 })
  return true
end

-- Has a round soon, for all that comes until then.
function Replication:hurry()
  if not self.soon then
    self.soon = node.after(self.server.options.window, function()
      self.soon = nil
      if self:is_current() then
        self:run_round()
      end
    end)
  end
end

function Replication:run_round()
  self.round_at = node.now()
  self.number = self.number + 1 -- also where there are no peers
  for _, id in ipairs(node.peers) do
    self:send(self.peers[id])
  end
  self:count()
end

-- Sends a peer what it was not sent yet, which may be nothing.
function Replication:send(peer)
  local server, options = self.server, self.server.options
  self.number = self.number + 1
  if peer.next <= server.log.base then
    peer.transfer = peer.transfer or transfer.sender(server.snapshot)
    return peer.transfer:send(peer.id, self.term, self.number, options)
  end
  local entries, count = server.log:slice(peer.next, options.limit)
  local prev = peer.next - 1
  node.send(peer.id, {
    type = "raft_append", term = self.term, number = self.number,
    prev_index = prev, prev_term = server.log:term_at(prev), entries = entries,
    commit = server.commit, read = self:read_for(peer.id),
  })
  peer.next = peer.next + count
  peer.is_behind = peer.next <= server.log:last() and count > 0
end

function Replication:read_for(id)
  local read = self.confirmed[id]
  return read and { session = read.session, read = read.read, index = read.index }
end

-- Tells an origin what is committed and confirmed.
function Replication:notify(id)
  if id == self.server.id then
    self.server.requests:confirm(self.confirmed[id])
  else
    node.send(id, { type = "raft_commit", term = self.term, commit = self.server.commit,
      read = self:read_for(id) })
  end
end

-- Of one number for each server, the highest that a majority has reached.
local function reached_by_majority(self, own, field)
  local values = { own }
  for _, id in ipairs(node.peers) do
    values[#values + 1] = self.peers[id][field]
  end
  table.sort(values, function(a, b) return a > b end)
  return values[self.server.quorum]
end

--- The highest index that may be committed: a majority has it, and it is of this term. Entries of
-- older terms are committed with it, and never by being counted (section 5.4.2, figure 8).
-- @treturn integer or nil
function Replication:committable()
  local index = reached_by_majority(self, self.synced, "match")
  if self.server.log:term_at(index) == self.term then
    return index
  end
end

--- The number of the last append after which a majority was this leader's.
function Replication:confirmed_number()
  return reached_by_majority(self, self.number, "answered")
end

-- Commits and confirms what a majority has answered, and tells those who wait for it.
function Replication:count()
  local server, told = self.server, {}
  local index, before = self:committable(), server.commit
  if index and index > before then
    for i = before + 1, index do
      local command = server.log:at(i).command
      if command then
        told[command[1]] = true
        self.proposed[("%s %d %d"):format(command[1], command[2], command[3])] = nil
      end
    end
    server:commit_to(index)
  end
  local number = self:confirmed_number()
  for _, id in ipairs(server.ids) do
    local waiting = self.waiting[id] or {}
    while waiting[1] and waiting[1].number <= number do
      self.confirmed[id] = table.remove(waiting, 1)
      told[id] = true
    end
    if told[id] then
      self:notify(id)
    end
  end
end

--- An answer to an append, or to a snapshot that is there as a whole.
function Replication:on_appended(id, body)
  local peer, server = self.peers[id], self.server
  peer.heard_at = node.now()
  peer.answered = math.max(peer.answered, body.number)
  if body.match then
    peer.match = math.max(peer.match, body.match)
    peer.next = math.max(peer.next, peer.match + 1)
    peer.transfer = nil
  elseif body.number >= peer.repaired then
    -- What was sent since then is refused as well; only one of these answers counts.
    peer.next = math.max(peer.match + 1, math.min(body.conflict, server.log:last() + 1))
    peer.repaired = self.number + 1
    peer.is_behind = true
  end
  if peer.is_behind then
    self:send(peer)
  end
  self:count()
end

--- An answer to a part of a snapshot.
function Replication:on_installed(id, body)
  local peer = self.peers[id]
  peer.heard_at = node.now()
  peer.answered = math.max(peer.answered, body.number)
  if peer.transfer and peer.transfer:take(body) then
    self:send(peer)
  end
  self:count()
end

return replication
