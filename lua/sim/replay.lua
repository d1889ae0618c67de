--- `./sim replay`: runs a test and tells it step by step: operations, faults and messages in the
-- order in which they happened.
-- @module sim.replay

local json = require "hearsay.json"
local trial = require "sim.trial"

local COULD_NOT_RUN = 255
local BODY = 90 -- columns of a body that are shown

local replay = {}

local function short(value)
  local text = value == nil and "" or json.encode(value, true)
  return #text > BODY and text:sub(1, BODY - 2) .. ".." or text
end

-- Lines with their times; `order` keeps those of one instant as they came.
local function add(steps, time_us, text)
  steps[#steps + 1] = { time_us = time_us, order = #steps, text = text }
end

local function add_operations(steps, history)
  for _, op in ipairs(history) do
    local who = ("client %d"):format(op.process)
    add(steps, op.invoke_us, ("%s asks %s: %s %s"):format(who, op.node, op.f, short(op.value)))
    if op.complete_us then
      add(steps, op.complete_us, ("%s has %s: %s %s"):format(who, op.outcome, op.f,
        op.error and op.error.text or short(op.result)))
    end
  end
end

local function add_faults(steps, faults)
  for _, fault in ipairs(faults) do
    local name = ("fault %d, %s: %s"):format(fault.number, fault.fault, fault.text)
    add(steps, fault.from_us, name .. " begins")
    add(steps, fault.to_us, name .. " ends")
  end
end

local function add_messages(steps, journal, start_us)
  for line in journal:gmatch("[^\n]+") do
    local step = json.decode(line)
    local message = step.message
    if not message.src:find("^c%d") and not message.dest:find("^c%d") then
      local kind = message.body.type
      message.body.type = nil
      add(steps, step.time - start_us, ("%s %s %s: %s %s"):format(
        step.event == "send" and message.src or message.dest,
        step.event == "send" and "sends to" or "hears from",
        step.event == "send" and message.dest or message.src, kind, short(message.body)))
    end
  end
end

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status: 0 when it could be run
function replay.main(args)
  local opts, status = trial.begin(args, "replay")
  if not opts then
    return status
  end
  local run, message = trial.run(opts, function(world)
    world:journal() -- turns it on
  end)
  if not run then
    io.stderr:write("sim: ", message, "\n")
    return COULD_NOT_RUN
  end
  local steps = {}
  add_faults(steps, run.faults)
  add_operations(steps, run.history)
  add_messages(steps, run.world:journal(), run.start_us)
  table.sort(steps, function(a, b)
    if a.time_us ~= b.time_us then
      return a.time_us < b.time_us
    end
    return a.order < b.order
  end)
  for _, step in ipairs(steps) do
    io.stdout:write(("%11.6f  %s\n"):format(step.time_us / 1e6, step.text))
  end
  return 0
end

return replay
