--- Raft: a state that all nodes have, and that changes in the same order everywhere.
--
--     local raft = require "hearsay.raft"
--
--     local values = {}
--     local group = raft.start {
--       apply = function(operation) .. return body end,  -- the same at every node
--       save = function() return values end,
--       load = function(saved) values = saved end,
--     }
--     group:change({ "set", key, value }, function(body, err) .. end)
--     group:read(function(ok, err) .. end)    -- now `values` has all that was done before
--
-- Changes go through a log that a majority of the nodes has before any is applied; reads need no
-- entry in it. Any node takes both, and forwards to the leader. What was answered stays, and is
-- seen by all who ask later: linearizability. A majority that can reach each other goes on, within
-- two election time-outs after its leader was lost; others wait, and then get an error.
--
--     requests    of the clients here, until they are done        any server
--     election    who leads                                       any server
--     follower    takes what the leader sends                     followers
--     replication sends the log, counts a majority                the leader
--     log, storage, sessions, transfer                            what they work on
--
-- What is where, in the words of D. Ongaro and J. Ousterhout, In Search of an Understandable
-- Consensus Algorithm (extended version, 2014), and D. Ongaro's dissertation, Consensus: Bridging
-- Theory and Practice (2014): each file names its sections. The nodes are those of init, for good.
--
-- Cost: with n nodes 2(n-1) messages a round, and a round for all requests of a `window`; and for
-- each node that has requests, one to the leader for all of a `gather`, and one back. So both are
-- prices in latency for messages: see the table at challenges/README.md.
--
-- Survives loss, duplication, reordering, pauses, partitions, wrong clocks; and with `durable` the
-- end of any nodes, or all, as it keeps what it must on disk (hearsay.raft.storage). Without, a
-- node that was killed must not come back.
-- @module hearsay.raft

local election = require "hearsay.raft.election"
local errors = require "hearsay.errors"
local follower = require "hearsay.raft.follower"
local json = require "hearsay.json"
local messages = require "hearsay.raft.messages"
local node = require "hearsay"
local replication = require "hearsay.raft.replication"
local requests = require "hearsay.raft.requests"
local sessions = require "hearsay.raft.sessions"
local storage = require "hearsay.raft.storage"
local take_options = require "hearsay.take_options"

local Server = {}
Server.__index = Server

local raft = {}

local OPTIONS = {
  apply = { "function", needed = true },
  save = { "function", needed = true },
  load = { "function", needed = true },
  durable = { "boolean", default = false },
}

for name, default in pairs({
  gather = 0, window = 0.03, election = 0.5, heartbeat = 0.1, resend = 0.25, deadline = 0.9,
  snapshot = 1000, limit = 32000,
}) do
  OPTIONS[name] = { "number", default = default, from = 0, finite = true }
end

--- Starts a server. Call it in the script's main part, once.
-- @tparam table options
-- @tparam fun(operation:any):table options.apply makes a change and returns what is answered, the
--   body of a reply; or raises an error of hearsay.errors. It depends on the operation and the
--   state and on nothing else, and does not wait. What it returns is not changed later
-- @tparam fun():any options.save returns the state, as JSON takes it
-- @tparam fun(saved:any) options.load puts it back
-- @tparam[opt=false] boolean options.durable keeps the log on this node's disk
-- @tparam[opt=0] number options.gather seconds in which requests collect before they go to the
--   leader: worth it where many come to one node
-- @tparam[opt=0.03] number options.window seconds in which they collect at the leader
-- @tparam[opt=0.5] number options.election seconds without a leader until there is an election, at
--   least; more than some round trips and heartbeats
-- @tparam[opt=0.1] number options.heartbeat seconds between a leader's messages when there is
--   nothing to say
-- @tparam[opt=0.25] number options.resend seconds until what was not answered is sent to the leader
--   again
-- @tparam[opt=0.9] number options.deadline seconds until a request is given up
-- @tparam[opt=1000] integer options.snapshot entries after which a snapshot takes their place
-- @tparam[opt=32000] integer options.limit bytes of entries, or of a snapshot, in a message
-- @treturn server
-- @raise on options that are not as above
function raft.start(options)
  local self = setmetatable({
    options = take_options("raft.start", OPTIONS, options),
    role = "follower", -- or candidate, or leader
    leader = nil, -- its id, where it is known
    session = nil, -- the number of this start
    commit = 0, -- the highest index that is known to be committed
    applied = 0, -- the highest index that is applied
    sessions = sessions.new(),
    snapshot = nil, -- the last one: {index, term, text}
    replication = nil, -- of a leader
  }, Server)
  self.requests = requests.new(self)
  self.election = election.new(self)
  self.follower = follower.new(self)
  node.on_init(function() self:open() end)
  messages.serve {
    raft_vote = function(id, body) self.election:on_vote(id, body) end,
    raft_voted = function(id, body) self.election:on_voted(id, body) end,
    raft_append = function(id, body) self.follower:on_append(id, body) end,
    raft_commit = function(id, body) self.follower:on_commit(id, body) end,
    raft_install = function(id, body) self.follower:on_install(id, body) end,
    raft_appended = function(id, body) self:on_answer(id, body, "on_appended") end,
    raft_installed = function(id, body) self:on_answer(id, body, "on_installed") end,
    raft_newer = function(_, body) self:see_term(body.term) end,
    raft_forward = function(id, body)
      if self.replication then
        self.replication:take(id, body)
      end
    end,
  }
  return self
end

-- Knows again what it knew before a restart. It takes part at once; but its own requests wait until
-- their session is on disk, and so is no other start's.
function Server:open()
  self.id, self.ids, self.quorum = node.id, node.ids, #node.ids // 2 + 1
  local found
  self.storage, found = storage.open(self.options.durable)
  self.term, self.vote, self.log = found.term, found.vote, found.log
  if found.snapshot then
    self:restore_state(found.snapshot)
  end
  self.election:start()
  self.storage:sync()
  self.session = found.session
  self.requests:send(true)
end

-- A term that was seen in a message: a newer one ends this server's (section 5.1).
function Server:see_term(term)
  if term > self.term then
    self:set_term(term, nil)
    self:follow(nil)
  end
end

-- Goes to a term, with a vote or none in it; whoever answers after this, syncs first.
function Server:set_term(term, vote)
  self.term, self.vote = term, vote
  self.storage:set_term(term, vote)
end

-- Follows a leader; or nobody, until one is heard.
function Server:follow(leader)
  if self.replication then
    self.replication:stop()
    self.replication = nil
  end
  self.role = "follower"
  self.election:give_up()
  self:set_leader(leader)
end

-- Leads, as a majority voted for it.
function Server:lead()
  self.role = "leader"
  self.replication = replication.new(self)
  self.replication:start()
  self:set_leader(self.id)
end

function Server:set_leader(leader)
  local is_new = leader and leader ~= self.leader
  self.leader = leader
  if is_new then
    self.requests:send(true)
  end
end

-- An answer to a leader, if it is for the term that it leads in.
function Server:on_answer(id, body, method)
  self:see_term(body.term)
  if self.replication and body.term == self.term then
    self.replication[method](self.replication, id, body)
  end
end

-- Makes a change. What went wrong is a result as well, the same one at every server.
function Server:run(operation)
  local ok, result = pcall(self.options.apply, operation)
  if ok then
    return result
  elseif not errors.is(result) then
    node.log("raft: a change could not be applied: %s", tostring(result))
    result = errors.new("crash", "the change could not be applied")
  end
  return errors.body(result)
end

-- All entries up to an index are committed: applies them (section 5.3).
function Server:commit_to(index)
  self.commit = math.max(self.commit, index)
  while self.applied < self.commit do
    local command = self.log:at(self.applied + 1).command
    self.applied = self.applied + 1
    if command then
      local result = self.sessions:run(command, function(operation) return self:run(operation) end)
      if result then
        self.requests:applied(command, result)
      end
    end
  end
  self.requests:answer_reads()
  if self.applied - (self.snapshot and self.snapshot.index or 0) >= self.options.snapshot then
    self:take_snapshot()
  end
end

-- Puts a snapshot in place of what is applied (section 7). Half as many entries as come from one to
-- the next stay in memory, for those who are only a little behind.
function Server:take_snapshot()
  self.snapshot = {
    index = self.applied, term = self.log:term_at(self.applied),
    text = json.encode({ state = self.options.save(), sessions = self.sessions:save() }, true),
  }
  self.storage:put_snapshot(self.snapshot, self)
  self.log:forget(math.max(self.log.base, self.applied - self.options.snapshot // 2))
end

function Server:restore_state(snapshot)
  local saved = assert(json.decode(snapshot.text))
  self.options.load(saved.state)
  self.sessions:load(saved.sessions)
  self.snapshot = snapshot
  self.commit = math.max(self.commit, snapshot.index)
  self.applied = snapshot.index
end

-- Takes a leader's snapshot, which is of a later state than this server's.
function Server:restore(snapshot)
  self.log:restart(snapshot.index, snapshot.term)
  self.storage:put_snapshot(snapshot, self)
  self:restore_state(snapshot)
  self.requests:restored()
  self.requests:answer_reads()
end

--- Makes a change, once, in its place among all others.
-- @param operation what apply is to get; anything that JSON can say
-- @tparam fun(result:table?,err:err?) done called once with what apply returned; or nil and an
--   error: what apply raised; temporarily_unavailable when it surely did not happen; timeout when
--   that is not known
function Server:change(operation, done)
  self.requests:add_change(operation, done)
end

--- Brings the state here up to date: calls `done` when it has all that was answered anywhere before
-- this call. Reads it needs no entry in the log for, and no disk.
-- @tparam fun(ok:boolean?,err:err?) done called once with true, and must read at once; or with nil
--   and the error temporarily_unavailable
function Server:read(done)
  self.requests:add_read(done)
end

return raft
