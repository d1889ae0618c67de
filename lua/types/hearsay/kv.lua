---@meta hearsay.kv
-- Written by `make docs`.

---Key-value stores that the cluster offers as services: lin-kv, seq-kv and lww-kv.
---
---    local kv = require "hearsay.kv"
---
---    local n = kv.lin:update("visits", function(visits) return visits + 1 end, 0)
---
---Keys and values are anything that JSON can say, null as `json.null`. What fails is `nil, err`, an
---error of hearsay.errors; `err.definite` says that nothing was written. Each request costs two
---messages between servers and waits for a round trip, so call from a handler or a coroutine of
---node.spawn.
---
---The three have the same requests and differ in what they promise:
---
---- `kv.lin` is linearizable: as one store that does one request after the other. What it costs is
---  the round trip, and it is one place that must be reached.
---- `kv.seq` is sequentially consistent: all requests have one order, and each node goes forward in
---  it, but a node may be behind. A read, a request that fails, and a write of what is already
---  there may all be done on any of the last 32 states that is not before the one this node saw
---  last. Reading again does not help for sure, and neither does a cas of a value to itself. What
---  does is a write that surely changes something: it is done on the newest state, and brings the
---  node there. `barrier` is such a write, of a value that nobody wrote before; what is read after
---  it has all that was written before it began.
---- `kv.lww` is eventually consistent, the last write wins: two replicas with clocks of their own,
---  each request goes to one of them, and they merge now and then. Reads may be old and go back in
---  time, a cas may succeed at both replicas, a write that was confirmed may be undone by an older
---  one. Safe in it is only what one node writes and writes again; no update is, and no barrier
---  helps.
---
---**A time-out is no answer.** The request may be lost, be under way, or be done. Reading again is
---harmless, so `update` does; but it does not repeat a cas that timed out, since a change that was
---made could be made twice: the caller gets the time-out and decides. Whoever needs a change to be
---made exactly once puts something unique of it into the value (`hearsay.ids`, or a number for each
---node), and calls `ensure`: it reads again, and its function sees whether the change is there. So
---it also stands a network that delivers a cas twice, and the failure of the second one first.
---
---**cas from 0 to 0.** "Take 0 as what is there, and create it" lets two nodes win: the one that
---creates the key with 0, and one that finds the 0 of the first. Use `create`: it never finds what
---it expects, so only who creates the key succeeds.
---@class hearsay.kv
---@field lin hearsay.kv.Store linearizable
---@field seq hearsay.kv.Store sequentially consistent
---@field lww hearsay.kv.Store the last write wins
local kv = {}

---@class hearsay.kv.Store
local a_store = {}

---Reads a key.
---@param key any
---@param default? any what to return when there is no such key; without it, that is an error
---@return any|nil # the value, or the default
---@return hearsay.errors.err|nil # key_does_not_exist, timeout, ..; a read that failed did no harm
function a_store:read(key, default) end

---Writes a key, whatever it has.
---@param key any
---@param value any
---@return boolean|nil # true
---@return hearsay.errors.err|nil # after a time-out it may be written, now or later
function a_store:write(key, value) end

---Compares and sets: writes a key that has a certain value, and else fails.
---@param key any
---@param from any the value that it must have, equal as JSON is: 1, 1.0 and "1" differ
---@param to any the value to write
---@param create? boolean (default false) whether to write it also where there is no such key. When `to` may equal `from`, two nodes can both succeed; see `create`
---@return boolean|nil # true
---@return hearsay.errors.err|nil # precondition_failed, key_does_not_exist, ..; after a time-out it may be done, now or later
function a_store:cas(key, from, to, create) end

---Creates a key. Of all who try, one succeeds (with kv.lww: one at each replica).
---@param key any
---@param value any
---@return boolean|nil # true
---@return hearsay.errors.err|nil # key_already_exists, ..; after a time-out it may be created, now or later
function a_store:create(key, value) end

---Sees to it that what this node reads from here on is not older than this call. With kv.seq that
---is a write, of a value that nobody wrote before, to a key of this node's own; kv.lin needs
---nothing, and for kv.lww nothing helps.
---@return boolean|nil # true
---@return hearsay.errors.err|nil # timeout, ..; not_supported with kv.lww
function a_store:barrier() end

---Reads a key not older than this call: a barrier and a read. With kv.lww, error not_supported.
---@param key any
---@param default? any
---@return any # as read
function a_store:read_newest(key, default) end

---Changes a key by a function of its value: read, call, cas, and again from the start when
---somebody else was faster, with growing random pauses, until the store's `deadline`. With kv.seq
---each try but the first begins with a barrier, so that it fails only if somebody else did change
---the key meanwhile.
---
---A cas that times out ends it: the change may be made, or not, or yet be made. That error is not
---definite, and calling again may make the change twice; see `ensure`.
---@param key any
---@param fn function called once each try with the value, a copy that it may change; returns the new one, or nil to leave it as it is, or nil and an error where it failed, which ends this try as a failed request does. May wait; what it raises is raised here, and then nobody can tell whether a try before it made the change
---@param default? any stands for the value where there is no such key, which is created then; without it, that is an error
---@return any|nil # the value that was written, or that was left as it is
---@return hearsay.errors.err|nil # key_does_not_exist without a default; after the deadline what failed last, such as precondition_failed
function a_store:update(key, fn, default) end

---Makes a change exactly once: as update, but after a time-out it reads again and goes on. For
---that the function must see in a value whether its change is in it, and then return nil.
---
---    local id = ids.counter()
---    kv.lin:ensure("log", function(log)
---      for _, entry in ipairs(log) do
---        if entry.id == id then return nil end -- it is there
---      end
---      log[#log + 1] = { id = id, text = text }
---      return log
---    end, json.array())
---
---This holds while a value never comes back once it was changed, as with ids that are never taken
---out: a cas from before a time-out that is done late then finds another value, and fails.
---@param key any
---@param fn function as for update
---@param default? any as for update
---@return any # as update; an error that is not definite when the deadline came after a time-out, or before the function could see what became of the last cas
function a_store:ensure(key, fn, default) end

---@class hearsay.kv.Store.with.options
---@field timeout? number (default 1) seconds until a request counts as lost; should exceed a round trip
---@field deadline? number (default 5) seconds until update and ensure give up
---@field pause? number (default 0.02) the longest pause after their first failed try, in seconds. It doubles with each; how long a pause is, up to its longest, is random
---@field cap? number (default 1) the longest pause there is, in seconds

---The same store with other parameters.
---
---    local store = kv.lin:with { timeout = 0.3 }
---
---Raises on an option that there is not, or that is no number from 0
---@param options hearsay.kv.Store.with.options
---@return hearsay.kv.Store
function a_store:with(options) end

return kv
