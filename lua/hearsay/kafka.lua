--- The requests of a kafka-like log, checked: what a node does with them is the script's.
--
--     kafka.serve {
--       send = function(key, message) .. return offset end,
--       poll = function(key, from) .. return array end,
--       commit = function(key, offset) .. end,
--       committed = function(key) .. return offset end,
--     }
--
-- The requests, with any number of keys in all but the first:
--
--     send {key, msg}                  -> send_ok {offset}
--     poll {offsets: {key: from}}      -> poll_ok {msgs: {key: [[offset, msg], ..]}}
--     commit_offsets {offsets}         -> commit_offsets_ok
--     list_committed_offsets {keys}    -> list_committed_offsets_ok {offsets}
--
-- What is not of this form, such as an offset that is no whole number from 0, gets error 12 before
-- anything is done, also where only one of several keys is wrong.
-- @module hearsay.kafka

local brief = require "hearsay.brief"
local errors = require "hearsay.errors"
local node = require "hearsay"

local LAST_OFFSET = math.maxinteger - 1 -- behind each offset there is a next one

local kafka = {}

local function refuse(body, expected, got)
  error(errors.new("malformed_request", ("%s: expected %s, got %s"):format(body.type, expected,
    brief(got))), 0)
end

-- The keys of the offsets in a body, sorted: a fixed order, whatever is sent or drawn for each.
local function check_offsets(body)
  local keys = {}
  for key, offset in pairs(body.offsets) do
    if math.type(offset) ~= "integer" or offset < 0 or offset > LAST_OFFSET then
      refuse(body, "each of the offsets to be a whole number from 0 to 2^63 - 2", offset)
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function check_keys(body)
  for _, key in ipairs(body.keys) do
    if type(key) ~= "string" then
      refuse(body, "each of the keys to be a string", key)
    end
  end
end

--- Registers the handlers of the four requests.
-- @tparam table script functions, each of which may wait and raise as a handler may
-- @tparam fun(key:string,value:any,msg:message):integer? script.send takes a message; returns its
--   offset, or nil when it has replied to `msg`, the request, by itself, or will
-- @tparam[opt] fun() script.refresh called once before a poll or a list of committed offsets is
--   answered
-- @tparam[opt] fun(key:string,from:integer):table script.poll returns an array of {offset, message}
--   from an offset on
-- @tparam[opt] fun(key:string,offset:integer) script.commit takes note that a consumer has got so
--   far
-- @tparam[opt] fun(key:string):integer? script.committed returns the committed offset of a key, or
--   nil when there is none
-- @tparam[opt] fun(offsets:table,keys:{string,...}):table script.poll_all in place of poll, for all
--   keys at once: returns key to array
-- @tparam[opt] fun(offsets:table,keys:{string,...}) script.commit_all in place of commit
-- @tparam[opt] fun(keys:{string,...}):table script.committed_all in place of committed: returns key
--   to offset
function kafka.serve(script)
  local refresh = script.refresh or function() end
  local poll_all = script.poll_all or function(offsets, keys)
    local msgs = {}
    for _, key in ipairs(keys) do
      msgs[key] = script.poll(key, offsets[key])
    end
    return msgs
  end
  local commit_all = script.commit_all or function(offsets, keys)
    for _, key in ipairs(keys) do
      script.commit(key, offsets[key])
    end
  end
  local committed_all = script.committed_all or function(keys)
    local offsets = {}
    for _, key in ipairs(keys) do
      offsets[key] = script.committed(key)
    end
    return offsets
  end

  node.on("send", { key = "string", msg = "any" }, function(msg)
    local offset = script.send(msg.body.key, msg.body.msg, msg)
    return offset and { type = "send_ok", offset = offset }
  end)

  node.on("poll", { offsets = "object" }, function(msg)
    local keys = check_offsets(msg.body)
    refresh()
    return { type = "poll_ok", msgs = poll_all(msg.body.offsets, keys) }
  end)

  node.on("commit_offsets", { offsets = "object" }, function(msg)
    commit_all(msg.body.offsets, check_offsets(msg.body))
    return { type = "commit_offsets_ok" }
  end)

  node.on("list_committed_offsets", { keys = "array" }, function(msg)
    check_keys(msg.body)
    refresh()
    return { type = "list_committed_offsets_ok", offsets = committed_all(msg.body.keys) }
  end)
end

--- Gives up the messages of a key that are committed, but for the last few: they are kept no longer
-- than somebody needs them. A poll from below them begins with the first one that is kept.
-- @param logs see hearsay.log
-- @tparam string key
-- @tparam number keep how many offsets below the one behind the committed one; math.huge: all
-- @tparam[opt] integer below nothing from this offset on is given up, though it were committed
function kafka.retain(logs, key, keep, below)
  local next_offset = math.min((logs:committed(key) or -1), (logs:last(key) or -1)) + 1
  local from = math.min(next_offset, below or next_offset) - keep
  if from > 0 then
    logs:retain(key, from)
  end
end

--- Hands on what a store replied; where it is an error, raises it, so that it is this node's reply.
-- @param value
-- @tparam err err
-- @return the value
function kafka.need(value, err)
  if value == nil then
    error(err, 0)
  end
  return value
end

--- Committed offsets that are kept in a key-value store, a key each, and only grow.
-- @tparam store store see hearsay.kv
-- @treturn fun(key:string,offset:integer) commit, as kafka.serve takes it
-- @treturn fun(key:string):integer? committed, as kafka.serve takes it
function kafka.commits_in(store)
  local function commit(key, offset)
    kafka.need(store:update("committed " .. key, function(now)
      return offset > now and offset or nil
    end, -1))
  end
  return commit, function(key)
    local offset = kafka.need(store:read("committed " .. key, -1))
    return offset >= 0 and offset or nil
  end
end

return kafka
