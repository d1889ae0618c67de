#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Unique ids: the node's id and a counter.
--
-- Idea: nobody else has this node's id, so a counter behind it is enough.
-- Cost: no messages; the shortest ids there are.
-- Weakness: the counter must not start again. A node that forgets it in a crash hands out the same
-- ids once more: so each start of a node puts a random number between the two
-- (the argument `plain` leaves it out, and that is broken by `--nemesis kill`).
-- The ids tell nothing of time.

local ids = require "hearsay.ids"
local node = require "hearsay"

local is_plain = ... == "plain"
local count = 0

node.on("generate", function()
  count = count + 1
  return { type = "generate_ok", id = is_plain and node.id .. "-" .. count or ids.counter() }
end)
