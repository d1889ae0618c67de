--- What a server does that does not lead: takes what the leader sends, and keeps it before it
-- answers.
--
-- A leader's log and this one agree up to `verified`, as the leader's appends of this term have
-- shown; only so far does a commit index of the leader count here (figure 2, AppendEntries, step 5,
-- which takes the last new entry). It may come before the append that it is about.
-- @module hearsay.raft.follower

local node = require "hearsay"
local transfer = require "hearsay.raft.transfer"

local Follower = {}
Follower.__index = Follower

local follower = {}

--- @tparam table server see hearsay.raft
function follower.new(server)
  return setmetatable({
    server = server, term = 0,
    verified = 0, -- the logs agree up to here
    commit = 0, -- as the leader has said
    receiver = transfer.receiver(),
  }, Follower)
end

-- Whether a message is from the leader of this term, of which there is only one (section 5.2).
function Follower:hears(id, body)
  local server = self.server
  server:see_term(body.term)
  if body.term < server.term then
    return false
  end
  if self.term ~= server.term then
    self.term, self.verified, self.commit = server.term, 0, 0
  end
  server:follow(id)
  server.election:heard()
  return true
end

-- Tells a leader of an older term that its time is over (section 5.1).
function Follower:refuse(id)
  node.send(id, { type = "raft_newer", term = self.server.term })
end

function Follower:verify(index)
  self.verified = math.max(self.verified, index)
  self:advance(0)
end

function Follower:advance(commit)
  self.commit = math.max(self.commit, commit)
  self.server:commit_to(math.min(self.commit, self.verified))
end

-- Takes entries. Returns up to where the logs agree then; or nil and where they may.
function Follower:merge(body)
  local server, entries = self.server, body.entries
  local prev, count = body.prev_index, #entries
  if prev > server.log:last()
    or (prev >= server.log.base and server.log:term_at(prev) ~= body.prev_term) then
    return nil, server.log:conflict(prev)
  end
  local new = server.log:merge(prev, entries)
  if new > 0 then
    local first = prev + count - new + 1
    assert(first > server.commit, "raft: a leader contradicts what was committed")
    server.storage:put_entries(first, (server.log:slice(first, math.huge)))
  end
  return prev + count
end

--- AppendEntries (section 5.3).
function Follower:on_append(id, body)
  local server = self.server
  if not self:hears(id, body) then
    return self:refuse(id)
  end
  local match, conflict = self:merge(body)
  if match then
    self:verify(match)
  end
  self:advance(body.commit)
  server.requests:confirm(body.read)
  server.storage:sync()
  node.send(id, { type = "raft_appended", term = body.term, number = body.number, match = match,
    conflict = conflict })
end

--- What an append says without entries, for those who wait for it.
function Follower:on_commit(id, body)
  if self:hears(id, body) then
    self:advance(body.commit)
    self.server.requests:confirm(body.read)
  end
end

--- InstallSnapshot (section 7).
function Follower:on_install(id, body)
  local server = self.server
  if not self:hears(id, body) then
    return self:refuse(id)
  end
  local snapshot = body.index > server.commit and self.receiver:take(body)
  if snapshot then
    server:restore(snapshot)
    self.receiver = transfer.receiver()
  end
  server.storage:sync()
  if body.index <= server.commit then
    self:verify(body.index)
    return node.send(id, { type = "raft_appended", term = body.term, number = body.number,
      match = body.index })
  end
  node.send(id, { type = "raft_installed", term = body.term, number = body.number,
    index = body.index, size = self.receiver.size })
end

return follower
