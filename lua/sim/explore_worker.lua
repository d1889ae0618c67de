--- What each thread of explore does: runs the mix of a seed and says how it went.
-- @module sim.explore_worker

local json = require "hearsay.json"
local mix = require "sim.mix"
local options = require "sim.options"
local screen = require "sim.screen"
local trial = require "sim.trial"

-- The verdict on what was promised. That no operation of some kind succeeded makes a test invalid,
-- as in Maelstrom; here it only says that the faults left too little to judge, such as a pause of
-- all nodes from beginning to end.
local function judge(results)
  local valid = results["valid?"]
  if valid == false and results.workload["valid?"] ~= false
    and results.exceptions["valid?"] ~= false and results.availability["valid?"] ~= false
    and not (results.converged and results.converged["valid?"] == false) then
    return "unknown"
  end
  return valid
end

return function(argument)
  local job = json.decode(argument)
  return function(seed)
    local changes = mix.draw(seed, job.given)
    local opts = assert(trial.options(mix.apply(job.args, changes), "explore"))
    local run, message = trial.run(opts)
    if not run then
      return json.encode({ problem = message })
    end
    local valid = judge(run.results)
    return json.encode({
      valid = valid,
      fingerprint = run.fingerprint,
      operations = #run.history,
      messages = run.net.all["msg-count"],
      verdict = valid ~= true and screen.verdict(run.results, {
        opts = opts, workload = run.workload, details = run.details,
      }) or nil,
      command = options.command(opts),
    })
  end
end
