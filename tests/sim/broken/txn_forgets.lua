--- Broken: a transaction's reads do not see its own writes, which are applied at its end.

local db = require "txn_db"

local state = {}

db.serve(function(ops)
  local view = db.buffered({})
  local get = db.direct(state).get
  function view.get(key)
    return get(key)
  end
  local done = db.run(ops, view)
  for _, key in ipairs(view.keys) do
    state[key] = view.writes[key]
  end
  return done
end)
