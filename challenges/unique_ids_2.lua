#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 2, unique ids: every node hands out ids that no node ever hands out twice, without
-- asking anyone, so it stays available whatever happens to the network. No messages between nodes.
--
--   flake     64-bit integer: milliseconds, node, sequence; sorted by time (default)
--   counter   text: node id, a random number for this start of the node, a counter
--   uuid7     RFC 9562: milliseconds and randomness; needs no node id
--
--   ./node challenges/unique_ids_2.lua counter

local ids = require "hearsay.ids"
local node = require "hearsay"

local kind = ... or "flake"
local next_id = ids[kind] or error("expected flake, counter or uuid7, not " .. kind)

node.on("generate", function()
  return { type = "generate_ok", id = next_id() }
end)
