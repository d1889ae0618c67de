#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 5c, replicated logs without coordination: no leader, no lin-kv, nothing to wait for.
--
-- Offsets need not be dense. Node i of n keeps a Lamport clock and gives its messages the offsets
-- clock * n + i, which no other node gives. Once a window each node tells the others what it took,
-- and its clock: whatever it takes later is above that. So below what every clock has passed, the
-- *watermark*, all messages are known, and a poll shows no others:
--
--     n0   0 . 6 . . 12            clock 6: its next offset is 14 or higher
--     n1   . 3 . 9 . . 13          clock 6
--     n2   -----------------       clock 4, as far as it has told: it may still give 5 * 3 + 2
--     all  0 3 6 9 12 13 | ..      a poll shows what is below the watermark, (4 + 1) * 3 = 15
--
-- In a partition all go on on both sides; what was sent there is polled after it, as the clocks
-- come. A node that is down keeps the watermark where it is until it is back. `acks` says when a
-- send is answered: "none", at once; "majority", when so many nodes have it; "all", when every node
-- shows it to who polls, so that it is not lost while one of them lives.
--
-- A node that starts cannot know whether it has been here before, and each of the others alone may
-- know which offsets it gave then. So it takes messages when all have told it what they have, which
-- a partition may put off.
--
-- With `durable` the logs are on disk, and what was acknowledged outlives a kill of all nodes at
-- once. A node tells what it took, to clients and nodes alike, and passes it with its clock, only
-- when it is *settled*: synced. So nobody has heard of what a kill takes from a disk, and a node
-- that comes back gives no offset again; it waits for nobody, if it has served with this disk. With
-- `keep`, committed messages are given up when all nodes have them.

local kafka = require "hearsay.kafka"
local log = require "hearsay.log"
local node = require "hearsay"
local outbox = require "hearsay.outbox"
local sorted = require "hearsay.sorted"

local parameters = node.parameters({
  window = 0.11, -- seconds from batch to batch: longer is cheaper, and polls lag more
  acks = "none", -- or "majority", "all"
  most = 200, -- messages of a key in a poll
  durable = false, -- keeps the logs on disk; for ./node in the folder that --data gives
  segment = 4 << 20, -- bytes of one of their files
  keep = math.huge, -- offsets of a key, up to the committed one, that are kept
  leap = 1 << 20, -- what the clock of a restarted node skips: more than it gave and told nobody
}, ...)

if not ({ none = true, majority = true, all = true })[parameters.acks] then
  error(('acks must be "none", "majority" or "all", not %s'):format(parameters.acks), 0)
end

local logs = log.new()
local memo = log.new() -- the clock with which this node began to serve is committed in it
local clock, settled, place, is_serving = 0, 0, nil, false
local given = {} -- what it took and has not told the others, {clock, entry}, oldest first
local clocks, shown = {}, {} -- by node id: its clock, and up to which clock it shows messages
local committed = {} -- keys to true, since the last batch: here
local consumed = {} -- and here or elsewhere
local unanswered = {} -- sends {clock, offset, msg}, oldest first, until all show them
local box

local function least(by_id)
  local low = math.maxinteger
  for _, id in ipairs(node.ids) do
    low = math.min(low, by_id[id] or -1)
  end
  return low
end

-- The clock that every node has passed.
local function watermark()
  clocks[node.id] = is_serving and settled or -1
  return least(clocks)
end

-- Waits until all that this node has taken so far is on its disk, if it has one, and then adds to
-- the next batch what is for the others.
local function settle()
  local upto, count = clock, 0
  assert(memo:sync())
  assert(logs:sync())
  while given[count + 1] and given[count + 1].clock <= upto do
    count = count + 1
    given[count].position = box:add(given[count].entry)
  end
  given = table.move(given, count + 1, #given, 1, {})
  settled = math.max(settled, upto)
end

-- When all have told what they have, the clock is above all offsets that somebody has heard of; the
-- leap is for those that nobody has.
local function begin_to_serve()
  if not is_serving and box:is_ready() then
    is_serving = true
    clock = clock + (box:is_restarted() and parameters.leap or 0)
    memo:commit("clock", clock)
  end
end

local function wait_to_serve()
  while not is_serving do
    node.sleep(parameters.window / 4)
  end
end

local function answer_shown()
  shown[node.id] = watermark()
  while unanswered[1] and unanswered[1].clock <= least(shown) do
    local send = table.remove(unanswered, 1)
    node.reply(send.msg, { type = "send_ok", offset = send.offset })
  end
end

local function commit(key, offset)
  logs:commit(key, offset)
  consumed[key] = true
end

-- Gives up what is committed, and what every node has.
local function give_up()
  for _, key in ipairs(sorted.keys(consumed)) do
    kafka.retain(logs, key, parameters.keep, (watermark() + 1) * #node.ids)
  end
  consumed = {}
end

-- An entry is {key, offset, message}, or {key, offset} where that was committed.
local function take(entry)
  local key, offset, message = table.unpack(entry)
  if message == nil then
    return commit(key, offset)
  end
  clock = math.max(clock, offset // #node.ids)
  if logs:insert(key, offset, message) and offset % #node.ids == place then
    box:add(entry) -- it is from before a restart, and may not have come to everyone
  end
end

-- All that this node knows, or what it alone may: its own messages, and what is committed.
local function all_entries(own_only)
  local entries = {}
  for _, key in ipairs(logs:keys()) do
    for _, pair in ipairs(logs:entries(key)) do
      if not own_only or pair[1] % #node.ids == place then
        entries[#entries + 1] = { key, pair[1], pair[2] }
      end
    end
    if logs:committed(key) then
      entries[#entries + 1] = { key, logs:committed(key) }
    end
  end
  return entries
end

node.on_init(function()
  for i, id in ipairs(node.ids) do
    place = id == node.id and i - 1 or place
  end
  if parameters.durable then
    logs = assert(log.open("kafka.log", { segment = parameters.segment }))
    memo = assert(log.open("kafka.memo"))
    is_serving = memo:committed("clock") ~= nil
  end
  clock = memo:committed("clock") or 0
  for _, key in ipairs(logs:keys()) do
    clock = math.max(clock, (logs:last(key) or 0) // #node.ids)
  end
end)

box = outbox.start {
  name = "replicate", window = parameters.window,

  receive = function(src, entries, extra)
    for _, entry in ipairs(entries) do
      take(entry)
    end
    if extra and extra.clock then
      clocks[src], shown[src] = extra.clock, extra.shown
    end
    begin_to_serve()
    settle()
    answer_shown()
  end,

  extra = function()
    begin_to_serve()
    for _, key in ipairs(sorted.keys(committed)) do
      box:add({ key, logs:committed(key) })
    end
    committed = {}
    give_up()
    return {
      clock = is_serving and settled or nil,
      shown = parameters.acks == "all" and watermark() or nil,
    }
  end,

  snapshot = function() return all_entries() end,
}

-- Tells the others all that is its own: which of it came to them before a kill, nobody remembers.
node.on_init(function()
  for _, entry in ipairs(all_entries(true)) do
    given[#given + 1] = { clock = 0, entry = entry }
  end
  settle()
end)

kafka.serve {
  send = function(key, message, msg)
    wait_to_serve()
    clock = clock + 1
    local offset = clock * #node.ids + place
    logs:insert(key, offset, message)
    local own = { clock = clock, entry = { key, offset, message } }
    given[#given + 1] = own
    if parameters.acks == "all" then
      unanswered[#unanswered + 1] = { clock = clock, offset = offset, msg = msg }
    end
    settle()
    if parameters.acks == "none" then
      return offset
    elseif parameters.acks == "all" then
      return answer_shown()
    end
    box:when(own.position, parameters.acks, function()
      node.reply(msg, { type = "send_ok", offset = offset })
    end)
  end,

  poll = function(key, from)
    return (logs:read(key, from, parameters.most, (watermark() + 1) * #node.ids))
  end,

  commit = function(key, offset)
    if offset > (logs:committed(key) or -1) then
      commit(key, offset)
      committed[key] = true
    end
    settle()
  end,

  committed = function(key)
    wait_to_serve()
    local offset = logs:committed(key)
    settle()
    return offset
  end,
}
