--- Not causal: nodes send each other whole transactions, which are applied at once; of two writes
-- to a key the one with the later stamp (Lamport clock, node) stays. But a node applies what comes
-- when it comes, also if what it builds on has not come yet.

local db = require "txn_db"
local node = require "hearsay"

local clock = 0
local state, stamps = {}, {}

local function is_later(a, b)
  return not b or a[1] > b[1] or (a[1] == b[1] and a[2] > b[2])
end

local function apply(writes, stamp)
  clock = math.max(clock, stamp[1])
  for _, write in ipairs(writes) do
    local key, v = write[1], write[2]
    if is_later(stamp, stamps[key]) then
      state[key], stamps[key] = v, stamp
    end
  end
end

node.on("merge", function(msg)
  apply(msg.body.writes, msg.body.stamp)
end)

db.serve(function(ops)
  local view, writes = db.buffered(state), {}
  local done = db.run(ops, view)
  for i, key in ipairs(view.keys) do
    writes[i] = { key, view.writes[key] }
  end
  if writes[1] then
    local stamp = { clock + 1, node.id }
    apply(writes, stamp)
    for _, peer in ipairs(node.peers) do
      node.send(peer, { type = "merge", writes = writes, stamp = stamp })
    end
  end
  return done
end)
