--- Counters: what is added at any node is to be in the sum at every node. The workloads g-counter
-- and pn-counter differ in what is added.
--
-- Operations are drawn as Maelstrom draws them: an add of -5 to 4 or a read, half and half, of
-- which g-counter passes over the adds below 0. So a third of its operations are adds.
-- @module sim.workloads.counter

local check = require("sim.checkers.counter").check
local workloads = require "sim.workloads"

local counter = {}

local LEAST, GREATEST = -5, 4

local function request(op)
  return { type = op.f, delta = op.value }
end

local function result(op, reply)
  if op.f == "add" then
    return reply.type == "add_ok" or nil, '{"type": "add_ok"}'
  end
  if reply.type ~= "read_ok" or math.type(reply.value) ~= "integer" then
    return nil, '{"type": "read_ok", "value": an integer}'
  end
  return reply.value
end

--- Makes a workload.
-- @tparam boolean only_grows whether nothing below 0 is added
-- @treturn table the workload
function counter.new(only_grows)
  local function generator(_, random)
    local function next_operation()
      if random:upto(2) == 1 then
        return "read"
      end
      local delta = LEAST - 1 + random:upto(GREATEST - LEAST + 1)
      if only_grows and delta < 0 then
        return next_operation()
      end
      return "add", delta
    end
    return next_operation
  end
  return {
    types = { "add", "read" },
    final = workloads.once("read"),
    idempotent = { read = true },
    contents = workloads.one_read("value", function(op) return { { "sum", op.result } } end),
    check = check,
    generator = generator,
    request = request,
    result = result,
  }
end

return counter
