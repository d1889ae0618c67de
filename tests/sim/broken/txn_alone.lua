--- Broken: nothing is replicated. Each node is a database of its own, and right as such, so as long
-- as every client keeps to one node only what two nodes' clients know together shows it.

local db = require "txn_db"

local state = {}

db.serve(function(ops)
  return db.run(ops, db.direct(state))
end)
