--- Broken: what a transaction wrote is applied one key after the other, with time in between in
-- which others see a part of it.

local db = require "txn_db"

local state = {}

db.serve(function(ops)
  local view = db.buffered(state)
  local done = db.run(ops, view)
  for _, key in ipairs(view.keys) do
    state[key] = view.writes[key]
    db.pause(0.02)
  end
  return done
end)
