--- What each thread of explore does: runs the mix of a seed and says how it went. Its argument is
-- JSON: `args` and `given` of the command line, and `faults`, a list of those that may be drawn,
-- when it is not all but kill.
-- @module sim.explore_worker

local echo = require "sim.checkers.echo"
local json = require "hearsay.json"
local mix = require "sim.mix"
local options = require "sim.options"
local screen = require "sim.screen"
local trial = require "sim.trial"

-- Whether a fault kept its node from answering while an operation was open.
local function was_silenced(op, faults)
  for _, fault in ipairs(faults) do
    local has_met = op.invoke_us <= fault.to_us and (op.complete_us or math.huge) >= fault.from_us
    for _, id in ipairs(has_met and fault.silenced or {}) do
      if id == op.node then
        return true
      end
    end
  end
  return false
end

-- Whether all that is wrong with echoes is that a node that stood still did not answer. Maelstrom
-- calls that invalid, and so does a test; but it tells nothing about the node.
local function is_only_silenced(run)
  local wrong = 0
  for _, op in ipairs(run.history) do
    if echo.is_unanswered(op) and was_silenced(op, run.faults) then
      wrong = wrong + 1
    end
  end
  return run.workload == "echo" and wrong == run.results.workload["error-count"]
end

-- The verdict on what was promised. That no operation of some kind succeeded makes a test invalid,
-- as in Maelstrom; here it only says that the faults left too little to judge, such as a pause of
-- all nodes from beginning to end.
local function judge(run)
  local results = run.results
  if results["valid?"] ~= false then
    return results["valid?"]
  end
  local is_broken = results.workload["valid?"] == false and not is_only_silenced(run)
    or results.exceptions["valid?"] == false or results.availability["valid?"] == false
    or results.converged and results.converged["valid?"] == false
  return not is_broken and "unknown"
end

return function(argument)
  local job = json.decode(argument)
  local allowed = job.faults and {}
  for _, name in ipairs(job.faults or {}) do
    allowed[name] = true
  end
  return function(seed)
    local changes = mix.draw(seed, job.given, allowed)
    local opts = assert(trial.options(mix.apply(job.args, changes), "explore"))
    local run, message = trial.run(opts)
    if not run then
      return json.encode({ problem = message })
    end
    local valid = judge(run)
    return json.encode({
      valid = valid,
      fingerprint = run.fingerprint,
      operations = #run.history,
      messages = run.net.all["msg-count"],
      verdict = valid ~= true and screen.verdict(run.results, {
        opts = opts, workload = run.workload, details = run.details,
      }) or nil,
      command = options.command(opts, { json = false }),
    })
  end
end
