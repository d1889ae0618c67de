--- What `./sim watch` does at each save: a run in a Lua state of its own, in which every file is
-- read anew.
-- @module sim.watch_worker

local changes = require "sim.changes"
local extension = require "sim.extension"
local json = require "hearsay.json"
local options = require "sim.options"
local screen = require "sim.screen"
local trial = require "sim.trial"

-- All files that the run is made of: the script and what it has required, and workloads and faults
-- that are files.
local function files_of(run, opts)
  local files = { opts.command[1] }
  for _, path in ipairs(run.world:sources(opts.nodes[1])) do
    files[#files + 1] = path
  end
  for _, name in ipairs({ opts.workload or "", table.unpack(opts.nemesis) }) do
    files[#files + 1] = extension.is_file(name) and name or nil
  end
  return json.array(files)
end

-- What the nodes wrote to standard error, one after the other.
local function logs_of(run, opts)
  local logs = {}
  for i, id in ipairs(opts.nodes) do
    logs[i] = run.world:log(id)
  end
  return table.concat(logs)
end

--- @tparam string argument a JSON array of the arguments that follow `./sim watch`
-- @treturn function returns the JSON text of what sim.changes puts side by side (`verdict`,
--   `figures`, `fingerprint`, `crash`), and `files`, `seconds` (of processor time), `command`,
--   `interrupted` and with --log-stderr `log`; or of `{problem}`, why it could not run
return function(argument)
  local args = json.decode(argument)
  return function()
    local start = os.clock()
    local opts, message = trial.options(args, "watch")
    local run
    if opts then
      run, message = trial.run(opts)
    end
    if not run then
      return json.encode({ problem = message })
    end
    return json.encode({
      verdict = screen.verdict(run.results, {
        opts = opts, workload = run.workload, details = run.details,
      }),
      figures = json.array(changes.figures(run.results)),
      fingerprint = run.fingerprint,
      crash = trial.first_crash(run.history),
      log = opts.log_stderr and logs_of(run, opts) or nil,
      files = files_of(run, opts),
      seconds = os.clock() - start,
      interrupted = run.interrupted,
      command = options.command(opts),
    })
  end
end
