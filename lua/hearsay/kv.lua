--- Key-value stores that the cluster offers as services: lin-kv, seq-kv and lww-kv.
--
--     local kv = require "hearsay.kv"
--
--     local n = kv.lin:update("visits", function(visits) return visits + 1 end, 0)
--
-- Keys and values are anything that JSON can say, null as `json.null`. What fails is `nil, err`, an
-- error of hearsay.errors; `err.definite` says that nothing was written. Each request costs two
-- messages between servers and waits for a round trip, so call from a handler or a coroutine of
-- node.spawn.
--
-- The three have the same requests and differ in what they promise:
--
-- - `kv.lin` is linearizable: as one store that does one request after the other. What it costs is
--   the round trip, and it is one place that must be reached.
-- - `kv.seq` is sequentially consistent: all requests have one order, and each node goes forward in
--   it, but a node may be behind. A read, a request that fails, and a write of what is already
--   there may all be done on any of the last 32 states that is not before the one this node saw
--   last. Reading again does not help for sure, and neither does a cas of a value to itself. What
--   does is a write that surely changes something: it is done on the newest state, and brings the
--   node there. `barrier` is such a write, of a value that nobody wrote before; what is read after
--   it has all that was written before it began.
-- - `kv.lww` is eventually consistent, the last write wins: two replicas with clocks of their own,
--   each request goes to one of them, and they merge now and then. Reads may be old and go back in
--   time, a cas may succeed at both replicas, a write that was confirmed may be undone by an older
--   one. Safe in it is only what one node writes and writes again; no update is, and no barrier
--   helps.
--
-- **A time-out is no answer.** The request may be lost, be under way, or be done. Reading again is
-- harmless, so `update` does; but it does not repeat a cas that timed out, since a change that was
-- made could be made twice: the caller gets the time-out and decides. Whoever needs a change to be
-- made exactly once puts something unique of it into the value (`hearsay.ids`, or a number for each
-- node), and calls `ensure`: it reads again, and its function sees whether the change is there. So
-- it also stands a network that delivers a cas twice, and the failure of the second one first.
--
-- **cas from 0 to 0.** "Take 0 as what is there, and create it" lets two nodes win: the one that
-- creates the key with 0, and one that finds the 0 of the first. Use `create`: it never finds what
-- it expects, so only who creates the key succeeds.
-- @module hearsay.kv

local brief = require "hearsay.brief"
local errors = require "hearsay.errors"
local ids = require "hearsay.ids"
local json = require "hearsay.json"
local node = require "hearsay"
local retry = require "hearsay.retry"
local take_options = require "hearsay.take_options"

local Store = { __name = "hearsay.kv" }
Store.__index = Store

-- A cas from this fails on every key that there is, as nobody has a reason to write it.
local NEVER_WRITTEN = "hearsay.kv: no key has this value"

-- Failures after which a change is tried again, as the next try may find another state.
local IS_RACE = { precondition_failed = true, temporarily_unavailable = true }

local function need(value, name, what)
  if value == nil then
    error(("kv.%s: expected a %s; for JSON's null use json.null"):format(name, what), 3)
  end
end

function Store:ask(body)
  local reply, err = node.rpc(self.service, body, self.timeout)
  if not reply then
    return nil, err
  elseif reply.type ~= body.type .. "_ok" or (body.type == "read" and reply.value == nil) then
    return nil, errors.new("crash", ("%s: expected %s_ok%s, got %s"):format(self.service, body.type,
      body.type == "read" and " with a value" or "", brief(reply)))
  end
  return reply
end

--- Reads a key.
-- @param key
-- @param[opt] default what to return when there is no such key; without it, that is an error
-- @return[1] the value, or the default
-- @treturn[2] nil
-- @treturn[2] err key_does_not_exist, timeout, ..; a read that failed did no harm
function Store:read(key, default)
  need(key, "read", "key")
  local reply, err = self:ask { type = "read", key = key }
  if reply then
    return reply.value
  elseif err.name == "key_does_not_exist" and default ~= nil then
    return default
  end
  return nil, err
end

--- Writes a key, whatever it has.
-- @param key
-- @param value
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] err after a time-out it may be written, now or later
function Store:write(key, value)
  need(key, "write", "key")
  need(value, "write", "value")
  local reply, err = self:ask { type = "write", key = key, value = value }
  return reply and true, err
end

--- Compares and sets: writes a key that has a certain value, and else fails.
-- @param key
-- @param from the value that it must have, equal as JSON is: 1, 1.0 and "1" differ
-- @param to the value to write
-- @tparam[opt=false] boolean create whether to write it also where there is no such key. When `to`
--   may equal `from`, two nodes can both succeed; see `create`
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] err precondition_failed, key_does_not_exist, ..; after a time-out it may be
--   done, now or later
function Store:cas(key, from, to, create)
  need(key, "cas", "key")
  need(from, "cas", "value to compare with")
  need(to, "cas", "value to set")
  local reply, err = self:ask { type = "cas", key = key, from = from, to = to,
    create_if_not_exists = create == true }
  return reply and true, err
end

--- Creates a key. Of all who try, one succeeds (with kv.lww: one at each replica).
-- @param key
-- @param value
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] err key_already_exists, ..; after a time-out it may be created, now or later
function Store:create(key, value)
  need(key, "create", "key")
  need(value, "create", "value")
  local ok, err = self:cas(key, NEVER_WRITTEN, value, true)
  if err and err.name == "precondition_failed" then
    err = errors.new("key_already_exists", ("there is a key %s already"):format(json.encode(key)))
  end
  return ok, err
end

--- Sees to it that what this node reads from here on is not older than this call. With kv.seq that
-- is a write, of a value that nobody wrote before, to a key of this node's own; kv.lin needs
-- nothing, and for kv.lww nothing helps.
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] err timeout, ..; not_supported with kv.lww
function Store:barrier()
  if self.reads == "old" then
    return self:write("barrier of " .. node.id, ids.counter())
  elseif self.reads == "any" then
    return nil, errors.new("not_supported", self.service
      .. " has no barrier: one of its replicas may always be behind")
  end
  return true
end

--- Reads a key not older than this call: a barrier and a read. With kv.lww, error not_supported.
-- @param key
-- @param[opt] default
-- @return as read
function Store:read_newest(key, default)
  need(key, "read_newest", "key")
  local ok, err = self:barrier()
  if not ok then
    return nil, err
  end
  return self:read(key, default)
end

-- What is handed to a function that may change it, and sent besides.
local function copy(value)
  return type(value) == "table" and json.decode(json.encode(value)) or value
end

local function frozen(value)
  return type(value) == "table" and json.raw(json.encode(value)) or value
end

-- One try: reads, calls the function, writes if nobody else did meanwhile. Returns a value that is
-- not nil; or nil, an error, and whether it is that of the cas. Where reading failed nothing was
-- written, so that is definite.
function Store:try(key, fn, default, attempt)
  local read = attempt > 1 and self.reads == "old" and self.read_newest or self.read
  local old, err = read(self, key)
  local is_new = default ~= nil and err and err.name == "key_does_not_exist"
  if is_new then
    old = copy(default)
  elseif err then
    return nil, err.definite and err or errors.new("temporarily_unavailable",
      ("%s: key %s could not be read: %s"):format(self.service, json.encode(key), tostring(err)))
  end
  local from = frozen(old)
  local new, problem = fn(old)
  if new == nil then
    return problem == nil and old or nil, problem
  end
  local ok
  ok, err = self:cas(key, from, new, is_new)
  if ok then
    return new
  elseif err.name == "key_does_not_exist" then -- but it was read: the other replica of kv.lww
    err = errors.new("precondition_failed", err.text)
  end
  return nil, err, true
end

-- What is in doubt: a cas that timed out, for good; and with `ensure` one that was refused, until
-- the function has seen that it is not done, as the network may have delivered it twice.
function Store:change(key, fn, default, is_repeatable)
  local in_doubt, refused
  local function see(old)
    local new, problem = fn(old)
    refused = new == nil and refused
    return new, problem
  end
  local value, err = retry.call(function(attempt)
    local value, err, is_written = self:try(key, see, default, attempt)
    if value == nil and not err.definite then
      in_doubt = err
    elseif is_written and is_repeatable then
      refused = err
    end
    return value, err
  end, {
    now = node.now, sleep = node.sleep, deadline = self.deadline,
    backoff = { first = self.pause, cap = math.max(self.pause, self.cap), jitter = 1,
      random = node.random },
    retryable = function(err)
      return IS_RACE[err.name] or (is_repeatable and not err.definite)
    end,
  })
  if value ~= nil then
    return value
  end
  return nil, in_doubt or refused and errors.new("timeout", ("%s: nothing was read of key %s "
    .. "after its last cas: %s"):format(self.service, json.encode(key), tostring(refused))) or err
end

local function check_change(key, fn, name)
  if key == nil or type(fn) ~= "function" then
    error(("kv.%s: expected a key and a function"):format(name), 3)
  end
end

--- Changes a key by a function of its value: read, call, cas, and again from the start when
-- somebody else was faster, with growing random pauses, until the store's `deadline`. With kv.seq
-- each try but the first begins with a barrier, so that it fails only if somebody else did change
-- the key meanwhile.
--
-- A cas that times out ends it: the change may be made, or not, or yet be made. That error is not
-- definite, and calling again may make the change twice; see `ensure`.
-- @param key
-- @tparam function fn called once each try with the value, a copy that it may change; returns the
--   new one, or nil to leave it as it is, or nil and an error where it failed, which ends this try
--   as a failed request does. May wait; what it raises is raised here, and then nobody can tell
--   whether a try before it made the change
-- @param[opt] default stands for the value where there is no such key, which is created then;
--   without it, that is an error
-- @return[1] the value that was written, or that was left as it is
-- @treturn[2] nil
-- @treturn[2] err key_does_not_exist without a default; after the deadline what failed
--   last, such as precondition_failed
function Store:update(key, fn, default)
  check_change(key, fn, "update")
  return self:change(key, fn, default, false)
end

--- Makes a change exactly once: as update, but after a time-out it reads again and goes on. For
-- that the function must see in a value whether its change is in it, and then return nil.
--
--     local id = ids.counter()
--     kv.lin:ensure("log", function(log)
--       for _, entry in ipairs(log) do
--         if entry.id == id then return nil end -- it is there
--       end
--       log[#log + 1] = { id = id, text = text }
--       return log
--     end, json.array())
--
-- This holds while a value never comes back once it was changed, as with ids that are never taken
-- out: a cas from before a time-out that is done late then finds another value, and fails.
-- @param key
-- @tparam function fn as for update
-- @param[opt] default as for update
-- @return as update; an error that is not definite when the deadline came after a time-out, or
--   before the function could see what became of the last cas
function Store:ensure(key, fn, default)
  check_change(key, fn, "ensure")
  return self:change(key, fn, default, true)
end

local DEFAULTS = { timeout = 1, deadline = 5, pause = 0.02, cap = 1 }
local OPTIONS = {}
for name in pairs(DEFAULTS) do
  OPTIONS[name] = { "number", from = 0 }
end

--- The same store with other parameters.
--
--     local store = kv.lin:with { timeout = 0.3 }
--
-- @tparam table options
-- @tparam[opt=1] number options.timeout seconds until a request counts as lost; should exceed a
--   round trip
-- @tparam[opt=5] number options.deadline seconds until update and ensure give up
-- @tparam[opt=0.02] number options.pause the longest pause after their first failed try, in
--   seconds. It doubles with each; how long a pause is, up to its longest, is random
-- @tparam[opt=1] number options.cap the longest pause there is, in seconds
-- @treturn store
-- @raise on an option that there is not, or that is no number from 0
function Store:with(options)
  local parameters = take_options("kv.with", OPTIONS, options)
  for name in pairs(OPTIONS) do
    parameters[name] = parameters[name] or self[name]
  end
  parameters.service, parameters.reads = self.service, self.reads
  return setmetatable(parameters, Store)
end

local function store(service, reads)
  return Store.with({ service = service, reads = reads }, DEFAULTS)
end

--- The stores.
-- @tfield store lin linearizable
-- @tfield store seq sequentially consistent
-- @tfield store lww the last write wins
return {
  lin = store("lin-kv", "newest"),
  seq = store("seq-kv", "old"),
  lww = store("lww-kv", "any"),
}
