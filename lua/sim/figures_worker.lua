--- What each thread of a sweep over many runs does: runs one of a list of command lines and says
-- its figures.
-- @module sim.figures_worker

local figures = require "sim.figures"
local json = require "hearsay.json"
local options = require "sim.options"
local trial = require "sim.trial"

--- @tparam string argument a JSON array of arrays of arguments, as for ./sim test
-- @treturn function from an index in that list to the JSON text of sim.figures.of, with `command`;
-- or of `{problem}`, why it could not run
return function(argument)
  local jobs = json.decode(argument)
  return function(index)
    local opts, message = trial.options(jobs[index], "test")
    local run
    if opts then
      run, message = trial.run(opts)
    end
    if not run then
      return json.encode({ problem = message })
    end
    local all = figures.of(run.results)
    all.command = options.command(opts)
    return json.encode(all)
  end
end
