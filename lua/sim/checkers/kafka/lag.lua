--- How far behind polls are.
--
-- A message exists from when its send was acknowledged, or when a poll first showed it. A poll
-- that begins after that *could have shown* it when its process is assigned to the log and has
-- not yet got as far. The lag of a message is the time from when it existed to the beginning of
-- the last poll that could have shown it and did not, 0 when there was none: what a consumer
-- waits because of the nodes, and not because nobody asked. It is the least that fits what was
-- seen, as Jepsen has it.
--
-- Each poll asks for all logs of its process, so between two messages of a log all polls of a
-- process miss the same, and the last of them says it all: the work grows with what is shown, and
-- not with polls times logs.
-- @module sim.checkers.kafka.lag

local lag = {}

-- For each rank, when the first message from there on existed.
local function earliest_from(log)
  local earliest, least = {}, math.huge
  for i = #log.offsets, 1, -1 do
    least = math.min(least, log.by_rank[i].known_us or math.huge)
    earliest[i] = least
  end
  return earliest
end

-- The first rank above an offset.
local function rank_above(log, offset)
  local low, high = 1, #log.offsets + 1
  while low < high do
    local middle = (low + high) // 2
    if log.offsets[middle] > offset then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

local Lags = {}
Lags.__index = Lags

-- A poll could have shown a message and did not.
function Lags:missed(poll, message)
  local late_us = poll.invoke_us - (message.known_us or math.huge)
  if late_us > 0 then
    self.of[message] = math.max(self.of[message] or 0, late_us)
    if late_us > self.worst.lag_us then
      self.worst = { lag_us = late_us, poll = poll, key = message.log.key }
    end
  end
end

-- What the last poll of a process missed in a log.
function Lags:missed_above(process, log, state)
  local poll = process.last_poll
  if not poll or process.polls == state.polls_before then
    return
  end
  local earliest = self.earliest[log]
  local at = rank_above(log, state.offset)
  while at <= #log.offsets and earliest[at] < poll.invoke_us do
    self:missed(poll, log.by_rank[at])
    at = at + 1
  end
end

function Lags:assign(process, keys)
  local states = {}
  for _, key in ipairs(keys) do
    states[key] = process.states[key] or { offset = math.mininteger, polls_before = process.polls }
  end
  self:leave(process, states)
  process.states = states
end

-- A process gives up its logs, but for those in `kept`.
function Lags:leave(process, kept)
  for _, log in ipairs(self.found.logs) do
    local state = process.states[log.key]
    if state and not kept[log.key] then
      self:missed_above(process, log, state)
    end
  end
end

function Lags:poll(process, op)
  for _, read in ipairs(self.found.reads[op]) do
    local log = read.log
    local state = process.states[log.key]
    if not state then
      state = { offset = math.mininteger, polls_before = process.polls }
      process.states[log.key] = state
    end
    local highest = state.offset
    local could_before = process.last_poll and process.polls > state.polls_before
    for i, message in ipairs(read.messages) do
      local offset = read.pairs[i][1]
      if offset > state.offset then
        self.of[message] = self.of[message] or 0
        if could_before then
          self:missed(process.last_poll, message)
        end
        highest = math.max(highest, offset)
      end
    end
    state.offset = highest
  end
  process.polls = process.polls + 1
  process.last_poll = op
end

--- Measures them.
-- @tparam {operation,...} history
-- @tparam table found what versions.read returned
-- @treturn {number,...} the lag in milliseconds of each message that a poll showed or should have
-- @treturn {number,...} since when each of them existed, in microseconds
-- @treturn table the worst of them: lag_us, 0 when none is late; else also poll and key
function lag.measure(history, found)
  local self = setmetatable({
    found = found, earliest = {}, of = {}, worst = { lag_us = 0 },
  }, Lags)
  for _, log in ipairs(found.logs) do
    self.earliest[log] = earliest_from(log)
  end
  local processes, list = {}, {}
  for _, op in ipairs(history) do
    local process = processes[op.process]
    if not process then
      process = { states = {}, polls = 0 }
      processes[op.process] = process
      list[#list + 1] = process
    end
    if op.outcome == "ok" and op.f == "assign" then
      self:assign(process, op.value.keys)
    elseif op.outcome == "ok" and op.f == "poll" then
      self:poll(process, op)
    end
  end
  for _, process in ipairs(list) do
    self:leave(process, {})
  end
  local lags, known_us = {}, {}
  for _, log in ipairs(found.logs) do
    for _, message in ipairs(log.messages) do
      local late_us = self.of[message]
      if late_us then
        lags[#lags + 1] = late_us / 1000
        known_us[#lags] = message.known_us
      end
    end
  end
  return lags, known_us, self.worst
end

return lag
