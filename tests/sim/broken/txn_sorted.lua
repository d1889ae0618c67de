--- Broken: lists are kept as sorted sets, which nodes merge. An element that comes late goes where
-- it belongs by its value, not to the end.

local db = require "txn_db"
local json = require "hearsay.json"
local node = require "hearsay"

local state = {}

local function insert(key, element)
  local old = state[key] or {}
  local list = json.array(table.move(old, 1, #old, 1, {}))
  list[#list + 1] = element
  table.sort(list)
  state[key] = list
end

node.on("merge", function(msg)
  insert(msg.body.key, msg.body.element)
end)

db.serve(function(ops)
  local done = db.run(ops, db.direct(state))
  for _, op in ipairs(ops) do
    if op[1] == "append" then
      for _, peer in ipairs(node.peers) do
        node.send(peer, { type = "merge", key = op[2], element = op[3] })
      end
    end
  end
  return done
end)
