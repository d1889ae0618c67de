--- `./sim check`: judges a stored run again, from its history.
-- @module sim.check

local results = require "sim.results"
local screen = require "sim.screen"
local stored = require "sim.stored"
local trial = require "sim.trial"
local workloads = require "sim.workloads"

local COULD_NOT_READ = 255

local check = {}

--- Judges.
-- @tparam table run what stored.open returned
-- @treturn table the results, as sim.results builds them
-- @treturn table details, see sim.results
function check.judge(run)
  local before, problems = run.results, {}
  for i, problem in ipairs(before.exceptions.exceptions) do
    problems[i] = { node = problem.node, time_us = problem.time // 1000, text = problem.text }
  end
  local workload = workloads.get(run.workload)
  return results.build({
    history = run.history, opts = run.opts, checker = workload.check, net = before.net,
    problems = problems, contents = run.contents, noun = run.contents and workload.contents.noun,
    interrupted = before.interrupted, seed = before.seed, fingerprint = before.fingerprint,
    start_us = before["start-us"],
  })
end

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status
function check.main(args)
  local opts, status = trial.begin(args, "check")
  if not opts then
    return status
  end
  local run, why = stored.open(opts.operand or "store/latest")
  if not run then
    io.stderr:write("sim: ", why, "\n")
    return COULD_NOT_READ
  end
  local judged = check.judge(run)
  io.stdout:write(screen.verdict(judged, { opts = run.opts, workload = run.workload }), "\n")
  if results.encode(judged) == results.encode(run.results) then
    io.stdout:write("results.json has the same\n")
  else
    local words = { [true] = "VALID", [false] = "INVALID", unknown = "UNKNOWN" }
    io.stdout:write("results.json differs: it has ", words[run.results["valid?"]], "\n")
  end
  return results.exit_status(judged)
end

return check
