#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Counter, challenge 4: a key of seq-kv for each node, and gossip of what is in them.
--
-- Idea: nobody else writes a node's key, so nobody contends for it: a node writes its total, one
-- write at a time, and answers an add when it is written; what is added meanwhile goes into the
-- next. Once a second it tells the others, so reads are local, and not as old as seq-kv may be.
--
-- Cost: two messages a write, which several adds may share, and n-1 a node and second, always.
--
-- Weakness: adds wait for the service. In return a killed node reads its key when it is back, so it
-- has lost nothing that it answered. But a write that arrives twice, or late, puts an old total
-- back: a node that is killed before its next one then has lost what was added since.

local json = require "hearsay.json"
local kv = require "hearsay.kv"
local node = require "hearsay"

local store = kv.seq:with { timeout = 0.5 } -- seconds
local interval = 1 -- seconds between two messages to the same node

local known = {} -- node id to the newest [version, total] that surely is in its key
local own -- what is in this node's key, or about to be; nil until it was read
local is_writing = false

-- Reads what a start of this node before this one left behind.
local function load()
  while not own do
    local record = store:read_newest(node.id, json.array({ 0, 0 }))
    if record and not own then
      own, known[node.id] = record, record
    end
  end
end

-- Writes until the key has the newest version.
local function write()
  while known[node.id][1] < own[1] do
    local record = own
    known[node.id] = store:write(node.id, record) and record or known[node.id]
  end
  is_writing = false
end

node.on("add", { delta = "integer" }, function(msg)
  load()
  local record = json.array({ own[1] + 1, own[2] + msg.body.delta })
  own = record
  if not is_writing then
    is_writing = true
    node.spawn(write)
  end
  while known[node.id][1] < record[1] do
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
  known[msg.src] = old and old[1] >= body.version and old or { body.version, body.total }
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
