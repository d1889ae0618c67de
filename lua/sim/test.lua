--- `./sim test`: runs a test, or several, judges them, shows and stores what they found.
-- @module sim.test

local options = require "sim.options"
local results = require "sim.results"
local runner = require "sim.runner"
local screen = require "sim.screen"
local store = require "sim.store"
local worlds = require "hearsay.world"

local BAD_OPTIONS, COULD_NOT_RUN = 254, 255

local test = {}

local function complain(message)
  io.stderr:write("sim: ", message, "\n")
end

-- What is to run: --bin "./node SCRIPT ARGS", --bin ./node -- SCRIPT ARGS, or --bin SCRIPT ARGS.
local function find_script(opts)
  local words = table.move(opts.bin, 1, #opts.bin, 1, {})
  table.move(opts.args, 1, #opts.args, #words + 1, words)
  if words[1]:match("[^/]*$") == "node" then
    table.remove(words, 1)
  end
  local name = table.remove(words, 1)
  if not name then
    return nil, '--bin names no script: expected --bin "./node challenges/echo_1.lua"'
  elseif not name:find("%.lua$") then
    return nil, ("--bin %s: expected ./node with a script, or a script (.lua)"):format(name)
  end
  local path, message = worlds.find_script(name)
  return path, path and words or message, name
end

local function is_terminal()
  return os.execute("test -t 1") == true
end

-- Stores a run's files; the text is what the screen shows.
local function keep(folder, run, built, journal, text, nodes)
  folder:write("results.json", results.encode(built))
  folder:write_history(run.history)
  folder:write("messages.jsonl", journal)
  for _, id in ipairs(nodes) do
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
  for line in journal:gmatch("[^\n]+") do
    local is_send = line:find('"event":"send"', 1, true)
    if (is_send and opts.log_net_send) or (not is_send and opts.log_net_recv) then
      io.stderr:write(line, "\n")
    end
  end
end

local function run_once(opts, script_name, style)
  local run, message = runner.run(opts, function(world)
    world:journal() -- turns it on
  end)
  if not run then
    complain(message)
    return COULD_NOT_RUN
  end
  local workload = require("sim.workloads").get(run.workload)
  local built, details = results.build({
    history = run.history, opts = opts, checker = workload.check, net = run.net,
    problems = run.problems, seed = run.seed, fingerprint = run.fingerprint,
  })
  local folder = store.open(opts.store, run.workload)
  local meta = {
    opts = opts, workload = run.workload, script = script_name, details = details,
    faults = run.faults, duration_us = run.duration_us, store = folder.path,
    command = options.command(opts, { seed = ("%d"):format(opts.seed), ["test-count"] = false }),
  }
  local journal = run.world:journal()
  keep(folder, run, built, journal, screen.render(built, meta), opts.nodes)
  log(opts, run, journal)
  if opts.json then
    io.stdout:write(results.encode(built))
  else
    io.stdout:write(screen.render(built, meta, style))
  end
  return results.exit_status(built)
end

--- Runs the command.
-- @tparam {string,...} args what follows `./sim test`
-- @treturn integer exit status
function test.main(args)
  local opts, message = options.parse(args)
  if not opts then
    complain(message)
    return BAD_OPTIONS
  elseif opts.help then
    io.stdout:write(options.help())
    return 0
  end
  local script, script_args, script_name = find_script(opts)
  if not script then
    complain(script_args)
    return BAD_OPTIONS
  end
  opts.script, opts.script_args = script, script_args
  local style = {
    color = not opts.json and os.getenv("NO_COLOR") == nil and is_terminal(),
    ascii = not (os.getenv("LC_ALL") or os.getenv("LC_CTYPE") or os.getenv("LANG") or "")
      :upper():find("UTF%-?8"),
  }
  local worst, first_seed = 0, opts.seed
  for i = 1, opts.test_count do
    opts.seed = first_seed + i - 1
    local status = run_once(opts, script_name, style)
    if status == COULD_NOT_RUN then
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
