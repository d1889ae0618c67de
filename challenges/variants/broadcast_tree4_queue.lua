#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast over a tree in which a node has four children, by one worker with a queue of retries.
--
-- Idea: what is to be sent waits in one queue. The worker sends it, waits for no reply, and puts
-- what failed at the tail, so that one dead neighbour does not hold up others. A breaker for each
-- saves time-outs: after some failures in a row nothing is sent there but one request, to see.
-- Cost: 2(n-1) messages a value, an acknowledgement for each; up to 5 hops among 25 nodes.
-- Weakness: a cut link parts the tree, and values wait in queues, each a request of its own.

local node = require "hearsay"
local retry = require "hearsay.retry"
local seen = require "hearsay.seen"
local topology = require "hearsay.topology"

local TIMEOUT, PAUSE = 0.5, 0.1 -- seconds: of a request; while what waits is for closed ways

local values, neighbours, breakers = seen.new(), {}, {}
local queue = {} -- of {neighbour, value}; while it is not empty, there is a worker

node.on_init(function()
  neighbours = topology.tree(node.ids, 4)[node.id]
  for _, neighbour in ipairs(neighbours) do
    breakers[neighbour] = retry.breaker { failures = 3, cooldown = 1, now = node.now }
  end
end)

local send

local function work()
  while queue[1] do
    local entries = queue
    queue = {}
    for _, entry in ipairs(entries) do
      if breakers[entry.neighbour]:allow() then
        node.spawn(send, entry)
      else
        queue[#queue + 1] = entry
      end
    end
    if queue[1] then node.sleep(PAUSE) end
  end
end

local function put(entry)
  queue[#queue + 1] = entry
  if not queue[2] then -- it was empty
    node.spawn(work)
  end
end

function send(entry)
  if node.rpc(entry.neighbour, { type = "share", value = entry.value }, TIMEOUT) then
    breakers[entry.neighbour]:success()
  else
    breakers[entry.neighbour]:failure()
    put(entry)
  end
end

local function add(value, from)
  local is_new = values:add(value)
  for _, neighbour in ipairs(is_new and neighbours or {}) do
    if neighbour ~= from then
      put({ neighbour = neighbour, value = value })
    end
  end
end

node.on("share", { value = "any" }, function(msg)
  add(msg.body.value, msg.src)
  return { type = "share_ok" }
end)

node.on("broadcast", { message = "any" }, function(msg)
  add(msg.body.message)
  return { type = "broadcast_ok" }
end)

node.on("read", function() return { type = "read_ok", messages = values } end)
node.on("topology", function() return { type = "topology_ok" } end) -- there is a tree
