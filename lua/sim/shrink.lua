--- `./sim shrink`: finds the fewest nodes, faults and operations with which a failing run still
-- fails.
--
-- Everything is tried by running it. Fault windows keep their numbers when others are left out, and
-- draw from streams of their own, so leaving one out changes nothing else that is drawn. Windows
-- are left out half by half and then one by one, as in delta debugging (Zeller, Hildebrandt:
-- "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002).
-- @module sim.shrink

local format = require "sim.format"
local mix = require "sim.mix"
local options = require "sim.options"
local progress = require "sim.progress"
local screen = require "sim.screen"
local trial = require "sim.trial"

local UNKNOWN, COULD_NOT_RUN = 2, 255
local INTERRUPTED = "interrupted"

-- The parts of a verdict. That no operation of some kind succeeded comes last: with few operations
-- it soon comes true by itself.
local PARTS = { "workload", "converged", "exceptions", "availability", "stats" }

-- The first part of a run's verdict that is invalid; or nil.
local function failing_part(results)
  for _, part in ipairs(PARTS) do
    if results[part] and results[part]["valid?"] == false then
      return part
    end
  end
end

local Shrink = {}
Shrink.__index = Shrink

-- Runs with changes; when the run is invalid, in the part that was invalid at first, they are kept.
function Shrink:try(changes)
  local all = {}
  for _, from in ipairs({ self.changes, changes }) do
    for name, text in pairs(from) do
      all[name] = text
    end
  end
  local opts = assert(trial.options(mix.apply(self.args, all), "shrink"))
  local run, message = trial.run(opts)
  if not run then
    error(message, 0)
  end
  self.runs = self.runs + 1
  self.shown:step(self.runs, ("%s, %s"):format(format.count(#opts.nodes, "node"),
    format.count(#run.faults, "fault")))
  if run.interrupted then
    error(INTERRUPTED, 0)
  end
  local part = run.results["valid?"] == false and failing_part(run.results)
  if not part or part ~= (self.part or part) then
    return false
  end
  self.changes, self.run, self.opts, self.part = all, run, opts, part
  return true
end

function Shrink:nodes()
  for count = 1, #self.opts.nodes - 1 do
    if self:try({ ["node-count"] = tostring(count) }) then
      return
    end
  end
end

local function window_list(numbers)
  return #numbers > 0 and table.concat(numbers, ",") or "0"
end

function Shrink:windows()
  local kept = {}
  for i, fault in ipairs(self.run.faults) do
    kept[i] = fault.number
  end
  local step = math.max(1, #kept // 2)
  while #kept > 0 do
    local at = 1
    while at <= #kept do
      local rest = table.move(kept, 1, at - 1, 1, {})
      table.move(kept, at + step, #kept, #rest + 1, rest)
      if self:try({ ["fault-windows"] = window_list(rest) }) then
        kept = rest
      else
        at = at + step
      end
    end
    if step == 1 then
      break
    end
    step = step // 2
  end
end

-- The least number of operations: the least that fails is between one that passed and one that
-- fails.
function Shrink:operations()
  local passed, failing = 0, 0
  for _, op in ipairs(self.run.history) do
    failing = failing + (op.final and 0 or 1)
  end
  while failing - passed > 1 do
    local middle = (passed + failing) // 2
    if self:try({ operations = tostring(middle) }) then
      failing = middle
    else
      passed = middle
    end
  end
end

function Shrink:describe()
  local run = self.run
  local operations = 0
  for _, op in ipairs(run.history) do
    operations = operations + (op.final and 0 or 1)
  end
  local lines = { ("After %d runs, this still fails: %s, %s, %s."):format(self.runs,
    format.count(#self.opts.nodes, "node"), format.count(#run.faults, "fault"),
    format.count(operations, "operation")) }
  for _, fault in ipairs(run.faults) do
    lines[#lines + 1] = ("  fault %d, %s: %s, from %.2f to %.2f s"):format(fault.number,
      fault.fault, fault.text, fault.from_us / 1e6, fault.to_us / 1e6)
  end
  lines[#lines + 1] = "  " .. screen.verdict(run.results, {
    opts = self.opts, workload = run.workload, details = run.details,
  })
  lines[#lines + 1] = "  " .. options.command(self.opts)
  return table.concat(lines, "\n") .. "\n"
end

local shrink = {}

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status: 1 when the run fails and was shrunk, 0 when it does not fail, 2
-- when it was interrupted before that was known
function shrink.main(args)
  local opts, status = trial.begin(args, "shrink")
  if not opts then
    return status
  end
  local self = setmetatable({ args = args, changes = {}, runs = 0,
    shown = progress.new("run") }, Shrink)
  local ok, why = pcall(function()
    if self:try({}) then
      self:nodes()
      self:windows()
      self:operations()
      self:windows()
    end
  end)
  self.shown:clear()
  if not ok and (why ~= INTERRUPTED or not self.run) then
    io.stderr:write("sim: ", tostring(why), "\n")
    return why == INTERRUPTED and UNKNOWN or COULD_NOT_RUN
  elseif not self.run then
    io.stdout:write("This run does not fail: there is nothing to shrink.\n")
    return 0
  end
  io.stdout:write(ok and "" or "Interrupted; there may be less.\n", self:describe())
  return 1
end

return shrink
