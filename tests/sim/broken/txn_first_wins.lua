--- Broken: nodes send each other whole transactions, but what they receive never overwrites a key
-- that they have. So every node keeps what it saw first, for ever.

local db = require "txn_db"
local node = require "hearsay"

local state = {}

node.on("merge", function(msg)
  for _, write in ipairs(msg.body.writes) do
    if state[write[1]] == nil then
      state[write[1]] = write[2]
    end
  end
end)

db.serve(function(ops)
  local view, writes = db.buffered(state), {}
  local done = db.run(ops, view)
  for i, key in ipairs(view.keys) do
    state[key] = view.writes[key]
    writes[i] = { key, view.writes[key] }
  end
  for _, peer in ipairs(writes[1] and node.peers or {}) do
    node.send(peer, { type = "merge", writes = writes })
  end
  return done
end)
