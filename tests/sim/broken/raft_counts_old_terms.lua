--- Broken: what a majority has is committed, of whatever term, and a term begins without an entry
-- of its own. Another may yet be elected that does not have it, and overwrite it: figure 8 of the
-- paper.

local replication = require "hearsay.raft.replication"

local new = replication.new

local function reached_by_majority(leader)
  local values = { leader.synced }
  for _, peer in pairs(leader.peers) do
    values[#values + 1] = peer.match
  end
  table.sort(values, function(a, b) return a > b end)
  return values[leader.server.quorum]
end

function replication.new(server)
  local self = new(server)
  local start, append = self.start, self.append
  self.committable = reached_by_majority
  function self.append(leader, commands)
    return commands[1] and append(leader, commands)
  end
  function self.start(leader)
    leader.synced = server.log:last()
    start(leader)
    leader.first = 0
  end
  return self
end
