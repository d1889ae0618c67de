---@meta hearsay.raft
-- Written by `make docs`.

---Raft: a state that all nodes have, and that changes in the same order everywhere.
---
---    local raft = require "hearsay.raft"
---
---    local values = {}
---    local group = raft.start {
---      apply = function(operation) .. return body end,  -- the same at every node
---      save = function() return values end,
---      load = function(saved) values = saved end,
---    }
---    group:change({ "set", key, value }, function(body, err) .. end)
---    group:read(function(ok, err) .. end)    -- now `values` has all that was done before
---
---Changes go through a log that a majority of the nodes has before any is applied; reads need no
---entry in it. Any node takes both, and forwards to the leader. What was answered stays, and is
---seen by all who ask later: linearizability. A majority that can reach each other goes on, within
---two election time-outs after its leader was lost; others wait, and then get an error.
---
---    requests    of the clients here, until they are done        any server
---    election    who leads                                       any server
---    follower    takes what the leader sends                     followers
---    replication sends the log, counts a majority                the leader
---    log, storage, sessions, transfer                            what they work on
---
---What is where, in the words of D. Ongaro and J. Ousterhout, In Search of an Understandable
---Consensus Algorithm (extended version, 2014), and D. Ongaro's dissertation, Consensus: Bridging
---Theory and Practice (2014): each file names its sections. The nodes are those of init, for good.
---
---Cost: with n nodes 2(n-1) messages a round, and a round for all requests of a `window`; and for
---each node that has requests, one to the leader for all of a `gather`, and one back. So both are
---prices in latency for messages: see the table at challenges/README.md.
---
---Survives loss, duplication, reordering, pauses, partitions, wrong clocks; and with `durable` the
---end of any nodes, or all, as it keeps what it must on disk (hearsay.raft.storage). Without, a
---node that was killed must not come back.
---@class hearsay.raft
local raft = {}

---@class hearsay.raft.start.options
---@field apply fun(operation:any):table makes a change and returns what is answered, the body of a reply; or raises an error of hearsay.errors. It depends on the operation and the state and on nothing else, and does not wait. What it returns is not changed later
---@field save fun():any returns the state, as JSON takes it
---@field load fun(saved:any) puts it back
---@field durable? boolean (default false) keeps the log on this node's disk
---@field gather? number (default 0) seconds in which requests collect before they go to the leader: worth it where many come to one node
---@field window? number (default 0.03) seconds in which they collect at the leader
---@field election? number (default 0.5) seconds without a leader until there is an election, at least; more than some round trips and heartbeats
---@field heartbeat? number (default 0.1) seconds between a leader's messages when there is nothing to say
---@field resend? number (default 0.25) seconds until what was not answered is sent to the leader again
---@field deadline? number (default 0.9) seconds until a request is given up
---@field snapshot? integer (default 1000) entries after which a snapshot takes their place
---@field limit? integer (default 32000) bytes of entries, or of a snapshot, in a message

---Starts a server. Call it in the script's main part, once.
---
---Raises on options that are not as above
---@param options hearsay.raft.start.options
---@return hearsay.raft.Server
function raft.start(options) end

---@class hearsay.raft.Server
local a_server = {}

---Makes a change, once, in its place among all others.
---@param operation any what apply is to get; anything that JSON can say
---@param done fun(result:table?,err:hearsay.errors.err?) called once with what apply returned; or nil and an error: what apply raised; temporarily_unavailable when it surely did not happen; timeout when that is not known
function a_server:change(operation, done) end

---Brings the state here up to date: calls `done` when it has all that was answered anywhere before
---this call. Reads it needs no entry in the log for, and no disk.
---@param done fun(ok:boolean?,err:hearsay.errors.err?) called once with true, and must read at once; or with nil and the error temporarily_unavailable
function a_server:read(done) end

return raft
