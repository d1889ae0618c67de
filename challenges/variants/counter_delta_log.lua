#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Counter, challenge 4: a log of deltas with ids, exchanged until all have confirmed it.
--
-- Idea: that an add is [id, delta] makes a counter out of any broadcast: a delta that comes again
-- has an id that is there already. What broadcasts it is a policy of hearsay.gossip.
--
-- Cost: with push, up to four messages an add between each two nodes, fewer when adds are many and
-- share requests. Nobody waits: adds are answered at once, reads are local.
--
-- Weakness: the log has every add there ever was, at every node, and a new node would have to get
-- all of it; a counter by merging states has a number for each node. A node that was killed has
-- forgotten what the others know it has confirmed, and is not sent it again.

local gossip = require "hearsay.gossip"
local ids = require "hearsay.ids"
local json = require "hearsay.json"
local node = require "hearsay"

local spread = gossip.start { policy = "push", timeout = 0.5, cap = 2 } -- or hub, direct

local sum, version = 0, 0 -- of the log up to a version

node.on("add", { delta = "integer" }, function(msg)
  spread:add(json.array({ ids.counter(), msg.body.delta }))
  return { type = "add_ok" }
end)

node.on("read", function()
  for _, entry in ipairs(spread.values:values(version)) do
    sum = sum + entry[2]
  end
  version = spread.values:version()
  return { type = "read_ok", value = sum }
end)
