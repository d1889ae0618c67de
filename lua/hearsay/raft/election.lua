--- Who leads: elections with pre-votes, and leaders that step down when they hear no majority.
--
-- A server that hears from no leader for a time-out asks the others whether they would elect it
-- (dissertation, section 9.6). Only if a majority would, it begins a term and asks for their votes
-- (section 5.2). So a server that was cut off does not come back with a term that ends everybody
-- else's, and one that some still hear from stays.
--
--     follower --time-out--> canvasses --a majority would--> candidate --a majority does--> leader
--        ^                       |                               |                            |
--        +-----------------------+-- a leader, a newer term -----+--- no majority is heard ---+
--
-- Time-outs are drawn from `election` to one and a half of it, so that seldom two ask at a time.
-- Where two do and neither gets a majority, each tries again after a fifth to a half of it: it
-- knows that there is no leader to wait for, and no term is wasted as long as nobody is elected.
--
-- A vote is durable before it is told to anybody, one's own too.
-- @module hearsay.raft.election

local node = require "hearsay"

-- The part of a time-out for which a leader that was heard is not voted against: less than all of
-- it, since the others did not hear it at the very same time.
local FAITH = 0.75

-- Parts of the time-out to draw from: for a leader to be heard, and for an election to bring one.
-- That takes two round trips.
local FOR_LEADER = { 1, 1.5 }
local FOR_VOTES = { 0.2, 0.5 }

local Election = {}
Election.__index = Election

local election = {}

--- @tparam table server see hearsay.raft
function election.new(server)
  return setmetatable({
    server = server,
    from = 0, -- when the time-out began: the leader, or a candidate that got the vote, was heard
    heard_at = -math.huge, -- when a leader was heard
    timeout = 0,
    ballot = nil, -- {term, is_trial, granted (set of ids)} of the election under way
  }, Election)
end

--- Starts the clock. In term 0 there is no leader to wait for, so the first server stands at once.
function Election:start()
  local server = self.server
  self:wait_anew(FOR_LEADER)
  if server.term == 0 and server.ids[1] == server.id then
    self.timeout = 0
  end
  self:watch()
end

function Election:watch()
  local left = self.from + self.timeout - node.now()
  if left <= 0 then
    self:time_out()
    left = self.from + self.timeout - node.now()
  end
  node.after(math.max(left, 0.001), function() self:watch() end)
end

-- Begins a time-out of a new random length.
function Election:wait_anew(parts)
  local least, most = table.unpack(parts)
  self.from = node.now()
  self.timeout = self.server.options.election * (least + node.random() * (most - least))
end

-- Gives one that it would vote for the time to be elected. Both draw from the same times, so that
-- one that nobody answers does not keep all others back for good.
function Election:make_way()
  local until_time = self.from + self.timeout
  self:wait_anew(FOR_VOTES)
  self.timeout = math.max(self.timeout, until_time - self.from)
end

function Election:time_out()
  local server = self.server
  if server.role ~= "leader" then
    self:wait_anew(FOR_VOTES)
    return self:canvass()
  end
  self:wait_anew(FOR_LEADER)
  if not server.replication:hears_majority(server.options.election) then
    server:follow(nil) -- dissertation, section 6.2
  end
end

--- A leader was heard.
function Election:heard()
  self.from = node.now()
  self.heard_at = self.from
end

--- Somebody leads, or a newer term began: the election is over.
function Election:give_up()
  if self.ballot then
    self.ballot = nil
    self:wait_anew(FOR_LEADER)
  end
end

-- Asks all others for their votes.
function Election:ask(term, is_trial)
  local server = self.server
  self.ballot = { term = term, is_trial = is_trial, granted = { [server.id] = true } }
  for _, id in ipairs(node.peers) do
    node.send(id, { type = "raft_vote", term = term, is_trial = is_trial,
      last_index = server.log:last(), last_term = server.log:term_at(server.log:last()) })
  end
  self:count()
end

-- Would the others elect it?
function Election:canvass()
  self.ballot = nil
  self.server:follow(nil)
  self:ask(self.server.term + 1, true)
end

-- Begins a term, with its own vote (section 5.2).
function Election:stand()
  local server = self.server
  server:set_term(server.term + 1, server.id)
  server.role = "candidate"
  local term = server.term
  server.storage:sync()
  if server.term == term and server.role == "candidate" then
    self:wait_anew(FOR_VOTES)
    self:ask(term, false)
  end
end

function Election:count()
  local server, ballot, count = self.server, self.ballot, 0
  for _, id in ipairs(server.ids) do
    count = count + (ballot.granted[id] and 1 or 0)
  end
  if count < server.quorum then
    return
  end
  self.ballot = nil
  if ballot.is_trial then
    self:stand()
  else
    server:lead()
  end
end

-- Whether a candidate gets this server's vote (section 5.2; 5.4.1 for the log).
function Election:would_vote(id, body)
  local server = self.server
  if body.term < server.term
    or (body.term == server.term and server.vote and server.vote ~= id)
    or not server.log:is_covered_by(body.last_index, body.last_term) then
    return false
  end
  local hears_leader = server.role == "leader"
    or node.now() - self.heard_at < FAITH * server.options.election
  return not (body.is_trial and hears_leader) -- dissertation, section 9.6
end

function Election:on_vote(id, body)
  local server = self.server
  if not body.is_trial then
    server:see_term(body.term)
  end
  local is_granted = self:would_vote(id, body)
  if is_granted and body.is_trial then
    self:make_way()
  elseif is_granted then
    if server.vote ~= id then
      server:set_term(body.term, id)
    end
    self:wait_anew(FOR_LEADER)
  end
  local term = server.term
  server.storage:sync()
  node.send(id, { type = "raft_voted", term = term, asked = body.term,
    is_trial = body.is_trial, is_granted = is_granted })
end

function Election:on_voted(id, body)
  local server = self.server
  server:see_term(body.term)
  local ballot = self.ballot
  if ballot and ballot.term == body.asked and ballot.is_trial == body.is_trial
    and body.is_granted then
    ballot.granted[id] = true
    self:count()
  end
end

return election
