--- Not strict: transactions that only read run on a state that is up to half a second old. All have
-- an order, in which they do not come when clients saw them.

local db = require "txn_db"
local node = require "hearsay"

local AGE = 0.5 -- seconds between states

local state, old = {}, {}

local function is_read_only(ops)
  for _, op in ipairs(ops) do
    if op[1] ~= "r" then
      return false
    end
  end
  return true
end

node.on_init(function()
  node.every(AGE, function()
    old = {}
    for key, v in pairs(state) do
      old[key] = v
    end
  end)
end)

db.serve(function(ops)
  return db.run(ops, db.direct(is_read_only(ops) and old or state))
end)
