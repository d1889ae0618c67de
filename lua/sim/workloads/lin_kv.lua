--- Workload lin-kv: registers that are read, written, and compared and set, as if there were one
-- copy of each.
--
-- As in Jepsen's linearizable-register test, 2n workers share a key, two at each of the n nodes:
-- one reads, the other writes or, twice as often, compares and sets, all with values from 0 to 4.
-- When 20 processes have had a key, which takes ten indefinite outcomes where n is 5, its workers
-- get a new one: what nobody knows the outcome of makes a key hard to judge. Workers beyond a
-- multiple of 2n share the last key. With less than 2n workers, which Maelstrom refuses, they share
-- one key, and each reads half of the time.
--
-- The value of an operation is {key, value} for a write, {key, from, to} for a cas, {key} for a
-- read.
-- @module sim.workloads.lin_kv

local lin_kv = {
  types = { "read", "write", "cas" },
  idempotent = { read = true },
  check = require("sim.checkers.linearizable").check,
}

local VALUES = 5
local PROCESSES = 20 -- that a key has before it is left

function lin_kv.timeout(opts)
  return math.max(1, 10 * opts.latency / 1000)
end

-- The workers that share a key. `processes` counts those that had it.
local function new_groups(opts, next_key)
  local groups = {}
  local size = math.min(2 * #opts.nodes, opts.concurrency)
  for i = 1, opts.concurrency // size do
    groups[i] = { size = size, processes = size, key = next_key() }
  end
  local last = groups[#groups]
  last.size = last.size + opts.concurrency % size
  last.processes = last.size
  return groups, size
end

function lin_kv.generator(opts, random)
  local n = #opts.nodes
  local key = -1
  local function next_key()
    key = key + 1
    return key
  end
  local groups, size = new_groups(opts, next_key)
  local process_of = {}

  -- A worker that comes as another process than before counts for its group's key.
  local function key_for(worker, group)
    local before = process_of[worker.index]
    process_of[worker.index] = worker.process.id
    if before and before ~= worker.process.id then
      group.processes = group.processes + 1
      if group.processes > PROCESSES then
        group.key, group.processes = next_key(), group.size
      end
    end
    return group.key
  end

  local function reads(worker)
    if opts.concurrency < 2 * n then
      return random:upto(2) == 1
    end
    return worker.index // n % 2 == 0
  end

  local function draw()
    return random:upto(VALUES) - 1
  end

  return function(worker)
    local group = groups[math.min(worker.index // size + 1, #groups)]
    local value = { key = key_for(worker, group) }
    if reads(worker) then
      return "read", value
    elseif random:upto(3) == 1 then
      value.value = draw()
      return "write", value
    end
    value.from, value.to = draw(), draw()
    return "cas", value
  end
end

function lin_kv.request(op)
  local body = { type = op.f }
  for name, field in pairs(op.value) do
    body[name] = field
  end
  return body
end

function lin_kv.result(op, reply)
  if op.f ~= "read" then
    return reply.type == op.f .. "_ok" or nil, ('{"type": "%s_ok"}'):format(op.f)
  elseif reply.type ~= "read_ok" or reply.value == nil then
    return nil, '{"type": "read_ok", "value": ..}'
  end
  return reply.value
end

-- Reads of all keys that the history names.
local function read_all(history)
  local last, at = -1, -1
  for _, op in ipairs(history) do
    last = math.max(last, op.value.key)
  end
  return function()
    at = at + 1
    if at <= last then
      return "read", { key = at }
    end
  end
end

lin_kv.contents = {
  noun = "key",
  operations = read_all,
  shown = function(op) return { { op.value.key, op.result } } end,
}

return lin_kv
