--- Broken: a transaction may fail after its writes were applied, and they stay.

local db = require "txn_db"
local errors = require "hearsay.errors"
local node = require "hearsay"

local state = {}

db.serve(function(ops)
  local done = db.run(ops, db.direct(state))
  if node.random() < 0.1 then
    error(errors.new("txn_conflict", "changed my mind"))
  end
  return done
end)
