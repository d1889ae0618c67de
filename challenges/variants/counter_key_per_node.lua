#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Counter, challenge 4: a key of seq-kv for each node, and gossip of what is in them.
--
-- Idea: nobody else writes a node's key, so there is nothing to contend for: it writes its total,
-- one write at a time, and whatever is added meanwhile goes into the next. An add is answered when
-- it is written. Once a second each node tells the others what it has written, so reads are local,
-- and not as old as seq-kv may be.
--
-- Cost: two messages a write, which several adds may share, and n-1 a node and second, always. An
-- add waits for the service, a read for nobody.
--
-- Weakness: adds need the service. In return a killed node reads its key when it is back, and has
-- lost nothing that it answered. But a write that arrives twice, or late, puts an old total back:
-- a node that is killed before its next one then has lost what was added since.

local json = require "hearsay.json"
local kv = require "hearsay.kv"
local node = require "hearsay"

local store = kv.seq:with { timeout = 0.5 } -- seconds
local interval = 1 -- seconds between two messages to the same node

local own -- what is in this node's key, or about to be: [version, total]; nil until it was read
local written = 0 -- the version that surely is in it
local is_writing = false
local known = {} -- node id to the newest [version, total] that was written there

-- Reads what a start of this node before this one left behind.
local function load()
  while not own do
    local record = store:read_newest(node.id, json.array({ 0, 0 }))
    if record and not own then
      own, written, known[node.id] = record, record[1], record
    end
  end
end

-- Writes until the key has the newest version.
local function write()
  while written < own[1] do
    local record = own
    if store:write(node.id, record) then
      written, known[node.id] = record[1], record
    end
  end
  is_writing = false
end

node.on("add", { delta = "integer" }, function(msg)
  load()
  own = json.array({ own[1] + 1, own[2] + msg.body.delta })
  local version = own[1]
  if not is_writing then
    is_writing = true
    node.spawn(write)
  end
  while written < version do
    node.sleep(0.005)
  end
  return { type = "add_ok" }
end)

node.on("read", function()
  load()
  local sum = 0
  for _, id in ipairs(node.ids) do
    sum = sum + (known[id] and known[id][2] or 0)
  end
  return { type = "read_ok", value = sum }
end)

node.on("written", { version = "natural", total = "integer" }, function(msg)
  local body, old = msg.body, known[msg.src]
  if not old or body.version > old[1] then
    known[msg.src] = { body.version, body.total }
  end
end)

node.on_init(function()
  node.spawn(load)
  node.every(interval, function()
    local record = known[node.id]
    for _, id in ipairs(record and node.peers or {}) do
      node.send(id, { type = "written", version = record[1], total = record[2] })
    end
  end)
end)
