--- Transactions over registers that are causal at every node, and available always: each runs on
-- its node's state, and its writes are sent to the others as one unit. A node applies a unit when
-- it has applied all that its sender had, which a vector clock tells; of two writes to a key the
-- one with the later stamp (Lamport clock, node) stays. Nothing is sent again: what follows a lost
-- unit waits for ever, which is late but causal.

local json = require "hearsay.json"
local node = require "hearsay"

local clock = 0
local state, stamps = {}, {}
local applied = {} -- node id to how many of its units are applied here
local waiting = {}

local function is_later(a, b)
  return not b or a[1] > b[1] or (a[1] == b[1] and a[2] > b[2])
end

local function apply(unit)
  clock = math.max(clock, unit.stamp[1])
  applied[unit.stamp[2]] = (applied[unit.stamp[2]] or 0) + 1
  for _, write in ipairs(unit.writes) do
    local key, v = write[1], write[2]
    if is_later(unit.stamp, stamps[key]) then
      state[key], stamps[key] = v, unit.stamp
    end
  end
end

local function is_ready(unit)
  for id, count in pairs(unit.after) do
    if (applied[id] or 0) < count then
      return false
    end
  end
  return true
end

-- Whether a unit has come before.
local function is_old(unit)
  local sender = unit.stamp[2]
  return (applied[sender] or 0) > (unit.after[sender] or 0)
end

node.on("merge", function(msg)
  waiting[#waiting + 1] = msg.body
  local at = 1
  while waiting[at] do
    if is_old(waiting[at]) then
      table.remove(waiting, at)
    elseif is_ready(waiting[at]) then
      apply(table.remove(waiting, at))
      at = 1
    else
      at = at + 1
    end
  end
end)

node.on("txn", { txn = "array" }, function(msg)
  local done, writes, own = json.array({}), {}, {}
  for i, op in ipairs(msg.body.txn) do
    local f, key, v = op[1], op[2], op[3]
    if f == "w" then
      own[key] = v
    else
      v = own[key] or state[key]
      v = v == nil and json.null or v
    end
    done[i] = { f, key, v }
  end
  for key, v in pairs(own) do
    writes[#writes + 1] = { key, v }
  end
  if writes[1] then
    local after = {}
    for _, id in ipairs(node.ids) do
      after[id] = applied[id]
    end
    local unit = { writes = writes, stamp = { clock + 1, node.id }, after = after }
    apply(unit)
    for _, peer in ipairs(node.peers) do
      node.send(peer, { type = "merge", writes = writes, stamp = unit.stamp, after = after })
    end
  end
  return { type = "txn_ok", txn = done }
end)
