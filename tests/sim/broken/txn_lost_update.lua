--- Broken: a transaction reads, thinks for a while, and then writes all at once, whatever others
-- wrote meanwhile.

local db = require "txn_db"

local state = {}

db.serve(function(ops)
  local view = db.buffered(state)
  local done = db.run(ops, view)
  db.pause(0.02)
  for _, key in ipairs(view.keys) do
    state[key] = view.writes[key]
  end
  return done
end)
