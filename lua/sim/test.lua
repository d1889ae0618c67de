--- `./sim test`: runs a test, or several, judges them, shows and stores what they found.
-- @module sim.test

local options = require "sim.options"
local progress = require "sim.progress"
local report = require "sim.report"
local results = require "sim.results"
local screen = require "sim.screen"
local store = require "sim.store"
local stored = require "sim.stored"
local terminal = require "sim.terminal"
local trial = require "sim.trial"

local COULD_NOT_RUN = 255

local test = {}

local function complain(message)
  io.stderr:write("sim: ", message, "\n")
end

-- Stores a run's files; the text is what the screen shows.
local function keep(folder, run, journal, text, opts)
  folder:write("results.json", results.encode(run.results))
  folder:write("run.json", stored.encode_meta(run, opts))
  folder:write_history(run.history)
  folder:write("messages.jsonl", journal)
  for _, id in ipairs(opts.nodes) do
    folder:write("node-logs/" .. id .. ".log", run.world:log(id))
  end
  folder:write("screen.txt", text)
  folder:link_latest()
end

-- Prints what was asked for of the nodes' diagnostics and of the messages.
local function log(opts, run, journal)
  if opts.log_stderr then
    for _, id in ipairs(opts.nodes) do
      io.stderr:write(run.world:log(id))
    end
  end
  if not (opts.log_net_send or opts.log_net_recv) then
    return -- the journal is megabytes
  end
  for line in journal:gmatch("[^\n]+") do
    local is_send = line:find('"event":"send"', 1, true)
    if (is_send and opts.log_net_send) or (not is_send and opts.log_net_recv) then
      io.stderr:write(line, "\n")
    end
  end
end

-- In real time: how far it is, every second, for whoever is watching. Returns what is shown.
local function watch(world, opts)
  local shown, start_us = progress.new("s", opts.time_limit), world:now_us()
  local function tell()
    local s = (world:now_us() - start_us) // 1000000
    shown:step(s, s >= opts.time_limit and "waiting for the last replies" or nil)
    world:after(1, tell)
  end
  tell()
  return shown
end

local function run_once(opts, style)
  local shown
  local run, message = trial.run(opts, function(world)
    world:journal() -- turns it on
    shown = opts.real_time and watch(world, opts)
  end)
  if shown then
    shown:clear()
  end
  if not run then
    complain(message)
    return COULD_NOT_RUN
  end
  local is_open, folder = pcall(store.open, opts.store, run.workload)
  if not is_open then
    complain(folder)
    return COULD_NOT_RUN
  end
  local meta = {
    opts = opts, workload = run.workload, script = opts.script_name, details = run.details,
    crash = trial.first_crash(run.history), faults = run.faults, duration_us = run.duration_us,
    store = folder.path, has_report = opts.report or opts.open,
    command = options.command(opts, { seed = ("%d"):format(opts.seed), ["test-count"] = false,
      ["no-report"] = false, open = false }),
  }
  local journal = run.world:journal()
  local is_kept, why_not = pcall(keep, folder, run, journal, screen.render(run.results, meta),
    opts)
  if not is_kept then
    complain(why_not)
    return COULD_NOT_RUN
  end
  log(opts, run, journal)
  if opts.json then
    io.stdout:write(results.encode(run.results))
  else
    io.stdout:write(screen.render(run.results, meta, style))
  end
  if meta.has_report then
    io.stdout:flush() -- who waits for the figures need not wait for the page
    if not report.make(folder.path, opts.open) then
      return COULD_NOT_RUN
    end
  end
  return results.exit_status(run.results), run.interrupted
end

--- Runs the command.
-- @tparam {string,...} args what follows `./sim test`
-- @treturn integer exit status
function test.main(args)
  local opts, bad = trial.begin(args, "test")
  if not opts then
    return bad
  end
  local style = terminal.style(opts)
  local worst, first_seed = 0, opts.seed
  for i = 1, opts.test_count do
    opts.seed = first_seed + i - 1
    local status, is_interrupted = run_once(opts, style)
    if status == COULD_NOT_RUN or is_interrupted then
      return status
    end
    worst = worst == 1 and 1 or math.max(worst, status)
    if status == 1 then
      worst = 1
    end
  end
  return worst
end

return test
