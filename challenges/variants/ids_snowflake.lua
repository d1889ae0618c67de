#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Unique ids: 64 bits of time, node and sequence, in the manner of Snowflake.
--
--     63  62                       22 21                  10 9        0
--    | 0 | milliseconds since 2024   | node, start of node  | sequence |
--
-- Idea: a number fits an integer column, sorts by time, and needs nobody's word; the node's place
-- in the list of nodes keeps the ids of different nodes apart.
-- Cost: no messages; eight bytes an id.
-- Weakness: it hangs on the clock. When that steps back, ids go on from the last one, ahead of the
-- clock; but a node that is started again while its clock is back has forgotten which that was, and
-- only some random bits for each start then keep old and new ids apart. 1024 ids a millisecond are
-- the bound, more borrow from the next one; and all nodes have to agree on who they are.

local ids = require "hearsay.ids"
local node = require "hearsay"

node.on("generate", function()
  return { type = "generate_ok", id = ids.flake() }
end)
