--- What the clients of workload kafka do, and when: the load and the final polls, as Maelstrom
-- has them.
--
-- Load: sends and polls half and half, see sim.workloads.key_pool. One operation in 64 is an
-- assign of the key that would have been next; in a third of these, of all keys besides of which
-- more has been sent than polled. And every 30 s on average each client gives up and begins anew,
-- with no logs assigned.
--
-- Final: each client begins anew, is assigned to every key from the beginning, and polls, 0.2 s
-- apart on average, until it has been shown the last offset of each key that was seen in the
-- load.
-- @module sim.workloads.kafka_load

local json = require "hearsay.json"
local key_pool = require "sim.workloads.key_pool"
local sorted = require "hearsay.sorted"

local load = {}

local ASSIGN = 64 -- one operation in so many
local CATCH_UP = 3 -- one assign in so many
local CRASH_US = 30e6 -- between crashes of one client, on average
local POLL = 0.2 -- seconds between final polls, on average

-- The highest offsets by key that an operation was shown or given.
local function highest_offsets(op)
  local highest = {}
  if op.outcome == "ok" and op.f == "send" then
    highest[op.value.key] = op.result
  elseif op.outcome == "ok" and op.f == "poll" then
    for key, shown in pairs(op.result) do
      for _, pair in ipairs(shown) do
        highest[key] = math.max(highest[key] or pair[1], pair[1])
      end
    end
  end
  return highest
end

local function by_number(a, b)
  return #a < #b or #a == #b and a < b
end

-- Keys of which more was sent than polled.
local Unseen = {}
Unseen.__index = Unseen

function Unseen:observe(op)
  local mine = op.f == "send" and self.sent or self.polled
  for key, offset in pairs(highest_offsets(op)) do
    mine[key] = math.max(mine[key] or offset, offset)
    local sent, polled = self.sent[key], self.polled[key]
    if polled and (not sent or polled >= sent) then
      self.sent[key], self.polled[key] = nil, nil
    end
  end
end

--- The generator of the load, see sim.workloads.
function load.generator(opts, random)
  local pool = key_pool.new(opts, random)
  local unseen = setmetatable({ sent = {}, polled = {} }, Unseen)
  local next_crash_us = 0
  local key, message = pool:draw()

  local function assign()
    local keys = json.array({ tostring(key) })
    if next(unseen.sent) and random:upto(CATCH_UP) == 1 then
      for _, unseen_key in ipairs(sorted.keys(unseen.sent, by_number)) do
        if unseen_key ~= keys[1] then
          keys[#keys + 1] = unseen_key
        end
      end
    end
    return "assign", { keys = keys }
  end

  local function generate(_, time_us)
    if time_us >= next_crash_us then
      next_crash_us = time_us + random:unit() * 2 * CRASH_US / opts.concurrency
      return "crash"
    elseif random:upto(ASSIGN) == 1 then
      return assign()
    end
    local f = message and "send" or "poll"
    local value = message and { key = tostring(key), msg = message } or nil
    key, message = pool:draw()
    return f, value
  end

  return generate, function(op) unseen:observe(op) end
end

--- The generator of the final polls, see sim.workloads.
function load.final(_, history, random)
  local last = {}
  for _, op in ipairs(history) do
    for key, offset in pairs(highest_offsets(op)) do
      last[key] = math.max(last[key] or offset, offset)
    end
  end
  local keys = json.array(sorted.keys(last, by_number))
  local steps, left, reached = {}, {}, {} -- by worker

  local function generate(worker)
    local index = worker.index
    local step = (steps[index] or 0) + 1
    steps[index] = step
    if #keys == 0 then
      return nil
    elseif step == 1 then
      left[index], reached[index] = #keys, {}
      return "crash"
    elseif step == 2 then
      return "assign", { keys = keys, seek_to_beginning = true }
    elseif step == 3 then
      return "poll"
    elseif left[index] > 0 then
      return "poll", nil, random:unit() * 2 * POLL
    end
  end

  return generate, function(op)
    local mine = reached[op.worker]
    for key, offset in pairs(op.f == "poll" and highest_offsets(op) or {}) do
      if last[key] and not mine[key] and offset >= last[key] then
        mine[key] = true
        left[op.worker] = left[op.worker] - 1
      end
    end
  end
end

return load
