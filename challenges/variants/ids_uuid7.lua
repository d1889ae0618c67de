#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Unique ids: UUIDs of version 7 (RFC 9562).
--
-- Idea: 48 bits of milliseconds, then 74 random ones, so no node has to know another, or its own
-- id; and as the time stands in front, ids of later milliseconds sort behind those of earlier ones.
-- Cost: no messages; 36 characters an id.
-- Weakness: nothing makes them unique but chance. Two of n ids drawn in one millisecond are equal
-- with a probability of about n^2 / 2^75: of no concern, so long as the random source is good. A
-- clock that steps back gives ids that sort wrongly.

local ids = require "hearsay.ids"
local node = require "hearsay"

node.on("generate", function()
  return { type = "generate_ok", id = ids.uuid7() }
end)
