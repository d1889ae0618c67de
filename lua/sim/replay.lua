--- `./sim replay`: runs a test and tells it step by step: operations, faults and messages in the
-- order in which they happened.
-- @module sim.replay

local format = require "sim.format"
local json = require "hearsay.json"
local terminal = require "sim.terminal"
local trace = require "hearsay.trace"
local trial = require "sim.trial"

local COULD_NOT_RUN = 255
local COLUMNS = 120 -- of a line, where no terminal says how many it has
local MINIMUM = 40
local TIME = 13 -- columns of the time
local BOLD, YELLOW = "1", "33"

local replay = {}

-- The steps of a run under construction. `order` keeps those of one instant as they came.
local Steps = {}
Steps.__index = Steps

function Steps:add(time_us, text)
  self[#self + 1] = { time_us = time_us, order = #self, text = text }
end

-- A step that is no message: cut to the width, and painted.
function Steps:say(time_us, color, text)
  text = self.columns and format.cut(text, self.columns - TIME) or text
  self:add(time_us, self.color and ("\27[%sm%s\27[0m"):format(color, text) or text)
end

local function text_of(value)
  return value == nil and "" or " " .. json.encode(value, true)
end

function Steps:operations(history)
  for _, op in ipairs(history) do
    local who = ("client %d"):format(op.process)
    self:say(op.invoke_us, BOLD, ("%s asks %s: %s%s"):format(who, op.node, op.f, text_of(op.value)))
    if op.complete_us then
      self:say(op.complete_us, BOLD, ("%s has %s: %s%s"):format(who, op.outcome, op.f,
        op.error and " " .. op.error.text or text_of(op.result)))
    end
  end
end

function Steps:faults(faults)
  for _, fault in ipairs(faults) do
    local name = ("fault %d, %s: %s"):format(fault.number, fault.fault, fault.text)
    self:say(fault.from_us, YELLOW, name .. " begins")
    self:say(fault.to_us, YELLOW, name .. " ends")
  end
end

-- Messages between nodes and with services; those of clients are operations.
function Steps:messages(journal, start_us)
  for line in journal:gmatch("[^\n]+") do
    local step = json.decode(line)
    local src, dest = step.message.src, step.message.dest
    if not src:find("^c%d") and not dest:find("^c%d") then
      local is_sent = step.event == "send"
      local who = format.pad(is_sent and src or dest, 6)
      self:add(step.time - start_us, who .. " " .. trace.format(is_sent and "out" or "in",
        line:match('"message":(.*)}$'),
        { columns = self.columns, used = TIME + #who + 1, color = self.color }))
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
  local style = terminal.style(opts)
  local steps = setmetatable({ color = style.color,
    columns = not opts.full and math.max(MINIMUM, style.width or COLUMNS) or nil }, Steps)
  steps:faults(run.faults)
  steps:operations(run.history)
  steps:messages(run.world:journal(), run.start_us)
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
