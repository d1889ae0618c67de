--- Not serializable: transactions run on snapshots, and one fails only where another has written a
-- key that it writes (snapshot isolation). Two that each read what the other one writes both
-- succeed.

local db = require "txn_db"
local errors = require "hearsay.errors"

local state, version = {}, {}

db.serve(function(ops)
  local snapshot = {}
  for key, v in pairs(state) do
    snapshot[key] = v
  end
  local started = {}
  for key, n in pairs(version) do
    started[key] = n
  end
  local view = db.buffered(snapshot)
  local done = db.run(ops, view)
  db.pause(0.02)
  for _, key in ipairs(view.keys) do
    if version[key] ~= started[key] then
      error(errors.new("txn_conflict", "another transaction wrote the same key"))
    end
  end
  for _, key in ipairs(view.keys) do
    state[key] = view.writes[key]
    version[key] = (version[key] or 0) + 1
  end
  return done
end)
