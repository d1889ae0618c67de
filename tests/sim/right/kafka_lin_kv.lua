--- Logs in lin-kv, an entry a key: offset 5 of log "a" is the key "a/5". An entry is appended by
-- creating the next key that nobody else has, so there is no counter that could run ahead of the
-- entries, and a log has no gaps. Committed offsets are in lin-kv too, and only grow.

local json = require "hearsay.json"
local node = require "hearsay"

local KV = "lin-kv"
local PATIENCE = 0.001 -- seconds between looks at what is under way

-- What is not there yet by its offset, as far as this node knows; a hint, no more.
local next_offset = {}

-- A request that is repeated until it is answered.
local function ask(body)
  while true do
    local reply, err = node.rpc(KV, body, 2)
    if reply or err.name ~= "timeout" then
      return reply, err
    end
  end
end

-- Calls fn(key, value) for each field at once, and waits until all have returned.
local function for_each(fields, fn)
  local open = 0
  for key, value in pairs(fields) do
    open = open + 1
    node.spawn(function()
      fn(key, value)
      open = open - 1
    end)
  end
  while open > 0 do
    node.sleep(PATIENCE)
  end
end

local function entry(key, offset)
  return ("%s/%d"):format(key, offset)
end

-- Entries that were read, and never change.
local known = {}

-- The message at an offset, or nil.
local function read(key, offset)
  local name = entry(key, offset)
  if known[name] == nil then
    local reply = ask({ type = "read", key = name })
    known[name] = reply and reply.value
  end
  return known[name]
end

node.on("send", { key = "string", msg = "any" }, function(msg)
  local key, message, offset = msg.body.key, msg.body.msg, next_offset[msg.body.key] or 0
  -- `from` is no message, so that the cas does nothing but create. When it fails, the entry may
  -- still be ours, by a request whose reply was lost: no message is sent twice to a log.
  while not ask({ type = "cas", key = entry(key, offset), from = json.null, to = message,
    create_if_not_exists = true }) and read(key, offset) ~= message do
    offset = offset + 1
  end
  next_offset[key] = math.max(next_offset[key] or 0, offset + 1)
  return { type = "send_ok", offset = offset }
end)

node.on("poll", { offsets = "object" }, function(msg)
  local msgs = {}
  for_each(msg.body.offsets, function(key, offset)
    local list = json.array()
    local message = read(key, offset)
    while message ~= nil do
      list[#list + 1] = json.array({ offset, message })
      offset = offset + 1
      message = read(key, offset)
    end
    msgs[key] = list
  end)
  return { type = "poll_ok", msgs = msgs }
end)

local function committed(key)
  local reply = ask({ type = "read", key = "committed/" .. key })
  return reply and reply.value
end

local function commit(key, offset)
  while true do
    local now = committed(key)
    if now and now >= offset then
      return
    elseif ask({ type = "cas", key = "committed/" .. key, from = now or offset, to = offset,
      create_if_not_exists = true }) then
      return
    end
  end
end

node.on("commit_offsets", { offsets = "object" }, function(msg)
  for_each(msg.body.offsets, commit)
  return { type = "commit_offsets_ok" }
end)

node.on("list_committed_offsets", { keys = "array" }, function(msg)
  local offsets = {}
  for_each(msg.body.keys, function(_, key)
    offsets[key] = committed(key)
  end)
  return { type = "list_committed_offsets_ok", offsets = offsets }
end)
