--- Broken: writes are visible at once, and others run between the operations of a transaction. They
-- see what it overwrites a moment later.

local db = require "txn_db"

local state = {}

db.serve(function(ops)
  local view = db.direct(state)
  local set = view.set
  function view.set(key, v)
    set(key, v)
    db.pause(0.02)
  end
  return db.run(ops, view)
end)
