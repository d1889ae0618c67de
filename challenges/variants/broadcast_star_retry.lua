#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Broadcast over a star, each value in a request of its own, repeated until it is acknowledged.
--
-- Idea: a leaf sends the hub each value at once, and the hub sends it to all other leaves. Whoever
-- does not acknowledge in time is asked again, with a time-out that grows, so as not to load a
-- network that is slow. It grows up to a *cap*: without one no repetition lands soon after a long
-- partition, and values count as lost: the argument `uncapped` shows it.
-- Cost: 2(n-1) messages a value, an acknowledgement for each one that says something; two hops.
-- Weakness: half of all messages carry no value, and values that come together do not share any.
-- Each open request is a coroutine: in a partition they pile up, and are all repeated on their own.

local node = require "hearsay"
local retry = require "hearsay.retry"
local seen = require "hearsay.seen"
local topology = require "hearsay.topology"

local CAP = ... == "uncapped" and math.huge or 2 -- longest time-out, in seconds

local values, neighbours = seen.new(), {}

node.on_init(function()
  neighbours = topology.star(node.ids)[node.id]
end)

local function send(neighbour, value)
  local timeout = retry.backoff { first = 0.5, factor = 2, cap = CAP, random = node.random }
  while not node.rpc(neighbour, { type = "share", value = value }, timeout:next()) do end
end

local function add(value, from)
  if values:add(value) then
    for _, neighbour in ipairs(neighbours) do
      if neighbour ~= from then
        node.spawn(send, neighbour, value)
      end
    end
  end
end

node.on("share", { value = "any" }, function(msg)
  add(msg.body.value, msg.src)
  return { type = "share_ok" }
end)

node.on("topology", function()
  return { type = "topology_ok" } -- there is a star
end)

node.on("broadcast", { message = "any" }, function(msg)
  add(msg.body.message)
  return { type = "broadcast_ok" }
end)

node.on("read", function()
  return { type = "read_ok", messages = values }
end)
