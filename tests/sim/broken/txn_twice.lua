--- Broken: an append is now and then done again, as by a retry that does not know that the first
-- attempt succeeded.

local db = require "txn_db"
local node = require "hearsay"

local state = {}

db.serve(function(ops)
  local view = db.direct(state)
  local done = db.run(ops, view)
  for _, op in ipairs(ops) do
    if op[1] == "append" and node.random() < 0.05 then
      db.run({ op }, view)
    end
  end
  return done
end)
