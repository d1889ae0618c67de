-- Takes arrays of values from other nodes, as the gossip policies do.
local node = require "hearsay"
local seen = require "hearsay.seen"

local values = seen.new()

node.on("merge", { values = "array" }, function(msg)
  values:merge(msg.body.values)
  return { type = "merge_ok" }
end)
