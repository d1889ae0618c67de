--- Broken: a leader answers reads from what it knows, and does not ask whether it still is one.

local replication = require "hearsay.raft.replication"

local new = replication.new

function replication.new(server)
  local self = new(server)
  self.confirmed_number = function() return math.huge end
  return self
end
