-- Writes histories for the specs of the checkers, event by event: events get their place among all
-- events from the order of the calls, and their times in milliseconds.
--
--     local history = dofile("tests/lua/history.lua")
--     local h = history.new()
--     local add = h:invoke(10, "n1", "add", 7)
--     h:ok(h:invoke(12, "n2", "read"), 15, { 7 })
--     h:ok(add, 20)
--     checker.check(h.ops)

local History = {}
History.__index = History

local function new()
  return setmetatable({ ops = {}, events = 0 }, History)
end

function History:invoke(ms, node, f, value)
  self.events = self.events + 1
  local worker = tonumber(node:match("%d+"))
  local op = {
    process = worker, worker = worker, node = node, f = f, value = value,
    invoke_us = math.floor(ms * 1000), invoke_index = self.events,
  }
  self.ops[#self.ops + 1] = op
  return op
end

local function complete(history, op, ms, outcome)
  history.events = history.events + 1
  op.complete_us, op.complete_index, op.outcome = math.floor(ms * 1000), history.events, outcome
  return op
end

function History:ok(op, ms, result)
  op.result = result
  return complete(self, op, ms, "ok")
end

function History:fail(op, ms, name)
  op.error = { code = 11, name = name or "temporarily_unavailable", text = "" }
  return complete(self, op, ms, "fail")
end

function History:info(op, ms, name)
  op.error = { code = 0, name = name or "timeout", text = "" }
  return complete(self, op, ms, "info")
end

-- A whole operation that takes a millisecond and meets no other.
function History:did(ms, node, f, value, result)
  return self:ok(self:invoke(ms, node, f, value), ms + 1, result)
end

return { new = new }
