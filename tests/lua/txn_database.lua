-- Databases in a few lines each, for the specs of the transaction checkers: histories of a random
-- load on one that keeps its promises.
--
--     local database = dofile("tests/lua/txn_database.lua")
--     local history = database.history("registers", "snapshots", randoms.stream(1, "db"), 200)
--
-- Workers take turns at random, a step at a time: invoke, run, reply. What a kind of database does:
--
--   - serial: a transaction runs at one moment between its invocation and its reply
--   - old_reads: as serial, but those that only read run on the state of some while ago
--   - snapshots: it runs on the state at its beginning; the first to commit a key wins, others fail
--   - old_snapshots: the same on any state of the last few commits
--   - committed: each operation runs on the state at its time; writes are applied at the end, and
--     fail where another transaction has committed the key since the first write to it
--
-- Some transactions fail, and of some nobody hears again, whether they were done or not.

local json = require "hearsay.json"
local generator = require("sim.workloads.txn").generator

local database = {}

local WORKERS = 6
local STATES = 5 -- that old_snapshots and old_reads look back

local Database = {}
Database.__index = Database

local function copy(state)
  local result = {}
  for key, v in pairs(state) do
    result[key] = v
  end
  return result
end

-- A list with the elements of another behind its own.
local function joined(list, more)
  local result = json.array(table.move(list or {}, 1, #(list or {}), 1, {}))
  return table.move(more or {}, 1, #(more or {}), #result + 1, result)
end

-- One micro-operation on a state, over what the transaction wrote so far: values by key, or the
-- elements that it appended.
local function run_operation(op, state, own)
  local f, key, v = table.unpack(op)
  if f == "append" then
    own[key] = joined(own[key], { v })
  elseif f == "w" then
    own[key] = v
  else
    local present = own[key] == nil and state[key] or own[key]
    if type(own[key]) == "table" then
      present = joined(state[key], own[key])
    end
    return { f, key, present == nil and json.null or present }
  end
  return op
end

local function run(ops, state)
  local own, result = {}, {}
  for i, op in ipairs(ops) do
    result[i] = run_operation(op, state, own)
  end
  return own, result
end

function Database:commit(own)
  self.commits = self.commits + 1
  local state = copy(self.state)
  for key, v in pairs(own) do
    state[key] = type(v) == "table" and joined(state[key], v) or v
    self.changed[key] = self.commits
  end
  self.state = state
  self.states[self.commits] = state
end

local function is_read_only(ops)
  for _, op in ipairs(ops) do
    if op[1] ~= "r" then
      return false
    end
  end
  return true
end

-- What a worker does when its transaction runs: its result, or nil when it fails.
local kinds = {}

function kinds.serial(db, op)
  local own, result = run(op.value, db.state)
  db:commit(own)
  return result
end

function kinds.old_reads(db, op)
  if not is_read_only(op.value) then
    return kinds.serial(db, op)
  end
  local _, result = run(op.value, db.states[math.max(0, db.commits - db.random:upto(STATES))])
  return result
end

function kinds.snapshots(db, op)
  local own, result = run(op.value, db.states[op.began])
  for key in pairs(own) do
    if (db.changed[key] or 0) > op.began then
      return nil
    end
  end
  db:commit(own)
  return result
end

function kinds.old_snapshots(db, op)
  op.began = math.max(0, db.commits - db.random:upto(STATES))
  return kinds.snapshots(db, op)
end

function kinds.committed(db, op)
  op.own, op.done, op.since = op.own or {}, op.done or {}, op.since or {}
  local micro = op.value[#op.done + 1]
  if micro[1] ~= "r" then
    op.since[micro[2]] = op.since[micro[2]] or db.commits
  end
  op.done[#op.done + 1] = run_operation(micro, db.state, op.own)
  if #op.done < #op.value then
    return "more"
  end
  for key, since in pairs(op.since) do
    if (db.changed[key] or 0) > since then
      return nil
    end
  end
  db:commit(op.own)
  return op.done
end

-- The history of `count` transactions.
function database.history(kind, name, random, count)
  local db = setmetatable(
    { random = random, state = {}, states = { [0] = {} }, commits = 0, changed = {} }, Database)
  local generate = generator({ key_count = 5, max_txn_length = 4, max_writes_per_key = 16 }, random,
    kind == "lists" and "append" or "w")
  local history, open, process, index = {}, {}, {}, 0

  local function finish(op, outcome, result)
    op.complete_index, op.complete_us = index, index * 1000
    op.outcome, op.result = outcome, outcome == "ok" and result or nil
    open[op.worker] = nil
    if outcome == "info" then
      process[op.worker] = op.process + WORKERS
    end
  end

  local function step(op)
    if op.answer then
      return finish(op, random:upto(20) == 1 and "info" or "ok", op.answer)
    elseif random:upto(30) == 1 and not op.done then
      return finish(op, random:upto(2) == 1 and "info" or "fail") -- before it did anything
    end
    local result = kinds[name](db, op)
    if not result then
      return finish(op, "fail")
    elseif result ~= "more" then
      op.answer = result
    end
  end

  while #history < count or next(open) do
    local worker = random:upto(WORKERS)
    local op = open[worker]
    index = index + 1
    if op then
      step(op)
    elseif #history < count then
      local f, value = generate()
      op = { f = f, value = value, worker = worker, node = "n" .. worker, began = db.commits,
        process = process[worker] or worker, invoke_index = index, invoke_us = index * 1000 }
      history[#history + 1], open[worker] = op, op
    end
  end
  return history
end

return database
