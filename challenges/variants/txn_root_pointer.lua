#!/usr/bin/env -S sh -c 'exec "${0%/*}/../../node" "$0" "$@"'
--- Variant of txn_list_append: lists in lin-kv, as immutable pieces behind one pointer.
--
-- Idea: the way of Datomic. The *root* says which piece has the list of a key. Transactions run on
-- the root that they read; what they change is written as a new piece first; then a cas of the root
-- makes it so, or somebody was faster, and they run again, up to `tries` times. A node does one
-- batch at a time. `last` in the root tells who did not hear whether its cas was done.
-- Cost: 6 messages a batch and try, 2 for each piece that is not known. All nodes may be killed.
-- Weakness: all nodes compete for one key: a few batches a second in all, some refused (error 30).
-- The root grows with the keys.

local errors = require "hearsay.errors"
local ids = require "hearsay.ids"
local json = require "hearsay.json"
local kv = require "hearsay.kv"
local node = require "hearsay"
local txn = require "hearsay.txn"

local policy = node.parameters({ linger = 0.01, tries = 20, pause = 0.02 }, ...) -- seconds

local ROOT, KINDS = "txn root", { "r", "append" }
local pieces, waiting, is_at_work = {}, {}, false -- piece: the JSON of a key to its list

local function need(value, err) return value or error(err, 0) end

-- One try. Returns the replies, or false; `doubts` has those of tries that look as if they failed.
local function try(batch, doubts, is_last)
  local root, new, replies = need(kv.lin:read(ROOT, { at = {}, last = {} })), {}, {}
  if is_last or doubts[root.last[node.id]] then
    return doubts[root.last[node.id]] or false -- it was done, or not
  end
  local function get(key)
    key = json.encode(key)
    local id = root.at[key]
    if id and not pieces[id] then pieces[id] = need(kv.lin:read(id)) end
    return new[key] or id and pieces[id][key] or nil
  end
  for i, msg in ipairs(batch) do
    local done, writes = txn.run(msg.body.txn, get, KINDS)
    for _, write in ipairs(writes) do
      new[json.encode(write[1])] = write[2]
    end
    replies[i] = { type = "txn_ok", txn = done }
  end
  if not next(new) then return replies end -- the root was read after they were asked for
  local id, old = ("txn %d"):format(ids.flake()), json.raw(json.encode(root))
  need(kv.lin:write(id, new))
  for key in pairs(new) do
    root.at[key] = id
  end
  root.last[node.id] = id
  local ok, err = kv.lin:cas(ROOT, old, root, true)
  doubts[id] = replies -- a cas that came twice was done, and has failed as well
  doubts.is_open = doubts.is_open or not ok and not err.definite
  return ok and replies or false
end

local function work()
  while waiting[1] do
    local batch, doubts, ok, replies = waiting, {}, nil, nil
    waiting = {}
    for i = 1, policy.tries + 1 do
      ok, replies = pcall(try, batch, doubts, i > policy.tries)
      if ok and replies then break end
      node.sleep(node.random() * policy.pause * i)
    end
    local err = errors.body(errors.new(ok and not doubts.is_open and "txn_conflict" or "timeout"))
    for i, msg in ipairs(batch) do
      node.reply(msg, ok and replies and replies[i] or err)
    end
  end
  is_at_work = false
end

node.on("txn", { txn = "array" }, function(msg)
  txn.check(msg.body.txn, KINDS)
  waiting[#waiting + 1] = msg
  is_at_work = is_at_work or node.after(policy.linger, work)
end)
