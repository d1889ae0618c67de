--- `./sim report`: the page of a run, written from the files that the run left.
--
-- A run writes its page when its figures are on the screen: finding out in what order each value
-- spread, and drawing up every message, takes longer than a run of 25 nodes for 20 seconds, and
-- who waits for the figures need not wait for that.
-- @module sim.report

local check = require "sim.check"
local data = require "sim.report.data"
local page = require "sim.report.page"
local stored = require "sim.stored"
local trial = require "sim.trial"

local COULD_NOT_READ = 255

local PANELS = {
  "verdict", "anomalies", "time", "distribution", "layout", "story", "spread", "lamport_index",
  "lamport_draw", "lamport", "details",
}

local report = {}

--- The text of a run's page.
-- @tparam table run what stored.open returned, and `details`: those of the workload's checker
-- @treturn[1] string HTML
-- @treturn[2] nil
-- @treturn[2] string what is wrong with its files
function report.render(run)
  local built, why = data.build(run)
  if not built then
    return nil, why
  end
  return page.render(("%s: %s %s"):format(built.verdict.word, run.workload, run.script),
    PANELS, built)
end

--- Writes report.html into the folder of a run.
-- @tparam string folder
-- @treturn[1] string path of the page
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function report.write(folder)
  local run, why = stored.open(folder)
  if not run then
    return nil, why
  end
  local judged, details = check.judge(run)
  run.results, run.details = judged, details.workload
  local text
  text, why = report.render(run)
  if not text then
    return nil, ("%s: %s"):format(folder, why)
  end
  local path = folder .. "/report.html"
  local ok
  ok, why = page.write(path, text)
  return ok and path, why
end

-- Shows a file in the browser: by whichever of the usual programs there is.
local function show(path)
  local quoted = "'" .. path:gsub("'", "'\\''") .. "'"
  for _, program in ipairs({ "xdg-open", "open", "sensible-browser" }) do
    if os.execute(("command -v %s >/dev/null && %s %s >/dev/null 2>&1"):format(program, program,
      quoted)) then
      return true
    end
  end
end

--- Writes the page of a run, shows it when that is wanted, and complains on standard error.
-- @tparam string folder
-- @tparam[opt=false] boolean is_shown whether to show it in the browser
-- @treturn string path of the page; or nil when it could not be written or shown
function report.make(folder, is_shown)
  local path, why = report.write(folder)
  if path and is_shown and not show(path) then
    path, why = nil, "no program that shows a page was found; open it in a browser: " .. path
  end
  if not path then
    io.stderr:write("sim: ", why, "\n")
  end
  return path
end

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status
function report.main(args)
  local opts, status = trial.begin(args, "report")
  if not opts then
    return status
  end
  local path = report.make(opts.operand or "store/latest", opts.open)
  if not path then
    return COULD_NOT_READ
  end
  io.stdout:write(path, "\n")
  return 0
end

return report
