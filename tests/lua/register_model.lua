-- Histories of one register for the specs of the linearizability checker: from a register that is
-- linearizable, from nowhere, and a checker that tries every order.
--
--     local model = dofile("tests/lua/register_model.lua")
--     local ops = model.history(random, { operations = 1000, workers = 10, values = 5, unknown =
--     0.01 }) assert(model.has_order(model.noise(random, 6, 3, 2)))

local model = {}

-- The value after an operation took effect, and whether it can; nil is nothing.
local function apply(op, state)
  if op.f == "write" then
    return op.value.value, true
  elseif op.f == "cas" then
    return op.value.to, state == op.value.from
  end
  return state, true
end

local function draw(random, values)
  return random:upto(values) - 1
end

local function new_op(random, worker, reads, values)
  local op = { process = worker, worker = worker, node = "n" .. worker, value = { key = 0 } }
  if reads then
    op.f = "read"
  elseif random:upto(3) == 1 then
    op.f, op.value.value = "write", draw(random, values)
  else
    op.f, op.value.from, op.value.to = "cas", draw(random, values), draw(random, values)
  end
  return op
end

-- What a register does that workers ask at once: every operation takes effect between its
-- invocation and its end. Options: operations; workers, of whom every other one reads; values;
-- unknown, the share of changes whose outcome nobody learns, which take effect sooner, later or
-- never.
function model.history(random, options)
  local ops, idle, waiting, done, index, state = {}, {}, {}, {}, 0, nil
  for i = 1, options.workers do
    idle[i] = i
  end
  local function event(op, kind)
    index = index + 1
    op[kind .. "_index"], op[kind .. "_us"] = index, index * 1000
  end
  local function take_effect(op)
    local new_state, is_possible = apply(op, state)
    op.will = is_possible and (op.f ~= "read" or state ~= nil) and "ok" or "fail"
    if op.will == "ok" and op.f == "read" then
      op.result = state
    elseif op.will == "ok" then
      state = new_state
    end
  end
  local function finish(op, outcome)
    op.outcome = outcome
    event(op, "complete")
    idle[#idle + 1] = op.worker
  end
  while #ops < options.operations or waiting[1] or done[1] do
    local what = random:upto(3)
    if what == 1 and idle[1] and #ops < options.operations then
      local worker = table.remove(idle, random:upto(#idle))
      local op = new_op(random, worker, worker % 2 == 0, options.values)
      event(op, "invoke")
      ops[#ops + 1], waiting[#waiting + 1] = op, op
    elseif what == 2 and waiting[1] then
      local op = table.remove(waiting, random:upto(#waiting))
      if op.f ~= "read" and not op.outcome and random:unit() < (options.unknown or 0) then
        finish(op, "info") -- and perhaps takes effect at some time
        if random:upto(3) > 1 then
          waiting[#waiting + 1] = op
        end
      else
        take_effect(op)
        done[#done + 1] = not op.outcome and op or nil
      end
    elseif what == 3 and done[1] then
      local op = table.remove(done, random:upto(#done))
      finish(op, op.f ~= "read" and random:unit() < (options.unknown or 0) and "info" or op.will)
    end
  end
  return ops
end

-- A history that nothing made: results and outcomes are drawn.
function model.noise(random, operations, workers, values)
  local ops, idle, open, index = {}, {}, {}, 0
  for i = 1, workers do
    idle[i] = i
  end
  while #ops < operations or open[1] do
    index = index + 1
    if idle[1] and #ops < operations and (not open[1] or random:upto(2) == 1) then
      local worker = table.remove(idle, random:upto(#idle))
      local op = new_op(random, worker, random:upto(2) == 1, values)
      op.invoke_index, op.invoke_us = index, index * 1000
      ops[#ops + 1], open[#open + 1] = op, op
    else
      local op = table.remove(open, random:upto(#open))
      op.complete_index, op.complete_us = index, index * 1000
      local chance = random:upto(10)
      op.outcome = chance == 1 and "fail" or chance <= 3 and "info" or "ok"
      if op.f == "read" and op.outcome == "ok" then
        op.result = draw(random, values)
      end
      idle[#idle + 1] = op.worker
    end
  end
  return ops
end

local function has_order_from(rest, state)
  local is_left = false
  for _, op in ipairs(rest) do
    is_left = is_left or op.outcome == "ok"
  end
  if not is_left then
    return true
  end
  for i, op in ipairs(rest) do
    local is_next = true
    for _, other in ipairs(rest) do
      if other.outcome == "ok" and other.complete_index < op.invoke_index then
        is_next = false
      end
    end
    local new_state, is_possible = apply(op, state)
    if op.f == "read" and op.result ~= state then
      is_possible = false
    end
    if is_next and is_possible then
      local others = table.move(rest, 1, #rest, 1, {})
      table.remove(others, i)
      if has_order_from(others, new_state) then
        return true
      end
    end
  end
  return false
end

-- Whether some order explains the operations, by trying all.
function model.has_order(ops)
  local rest = {}
  for _, op in ipairs(ops) do
    if op.outcome == "ok" or op.outcome ~= "fail" and op.f ~= "read" then
      rest[#rest + 1] = op
    end
  end
  return has_order_from(rest, nil)
end

return model
