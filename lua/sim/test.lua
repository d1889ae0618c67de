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

-- What is to run. Our own node with a Lua script, as in --bin "./node SCRIPT ARGS", --bin ./node ..
-- -- SCRIPT ARGS, or --bin SCRIPT ARGS, runs in virtual time unless --real-time is given; any other
-- program runs as it is, in real time.
local function find_command(opts)
  local words = table.move(opts.bin, 1, #opts.bin, 1, {})
  table.move(opts.args, 1, #opts.args, #words + 1, words)
  local is_host = words[1]:match("[^/]*$") == "node"
  local name = words[is_host and 2 or 1]
  if is_host and not name then
    return nil, '--bin names no script: expected --bin "./node challenges/echo_1.lua"'
  elseif is_host and not name:find("%.lua$") then
    return nil, ("--bin: expected a Lua script for ./node, not %s"):format(name)
  end
  if opts.real_time or not name:find("%.lua$") then
    local file = words[1]:find("/", 1, true) and io.open(words[1])
    if file then
      file:close()
    elseif file == nil then
      return nil, ("--bin %s: there is no such program"):format(words[1])
    end
    opts.real_time = true
    return words, name
  end
  local path, message = worlds.find_script(name)
  if not path then
    return nil, message
  end
  if is_host then
    table.remove(words, 1)
  end
  words[1] = path
  return words, name
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
  local script_name
  opts.command, script_name = find_command(opts)
  if not opts.command then
    complain(script_name)
    return BAD_OPTIONS
  end
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
