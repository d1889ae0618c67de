--- One run, from options to a judged result.
-- @module sim.trial

local command_line = require "hearsay.command_line"
local commands = require "sim.commands"
local help = require "sim.help"
local options = require "sim.options"
local results = require "sim.results"
local runner = require "sim.runner"
local terminal = require "sim.terminal"
local workloads = require "sim.workloads"
local worlds = require "hearsay.world"

local BAD_OPTIONS = 254 -- as Maelstrom's
local EISDIR = 21

local trial = {}

local takes = {} -- names of ./node's options to whether they take the next word
for _, option in ipairs(command_line.node()) do
  takes[option.name or ""] = option.takes ~= nil and not option.optional
end

-- The place of the script among the words of a ./node command, behind its options. And those
-- options among them that set a limit, with their values.
local function script_place(words)
  local at, limits = 2, {}
  while words[at] and words[at]:find("^%-%-%l") do
    local name, value = words[at]:match("^([^=]+)=(.*)$")
    name = name or words[at]
    if (takes[name] or name:find("^%-%-max%-")) and not value then
      at = at + 1
      value = words[at]
    end
    if name:find("^%-%-max%-") then
      limits[#limits + 1], limits[#limits + 2] = name, value
    end
    at = at + 1
  end
  return at, limits
end

local function is_folder(path)
  local file <close> = io.open(path)
  return file ~= nil and select(3, file:read(0)) == EISDIR
end

-- What is to run. Our own node with a Lua script, as in --bin "./node SCRIPT ARGS", --bin ./node ..
-- -- SCRIPT ARGS, or --bin SCRIPT ARGS, runs in virtual time unless --real-time is given, where
-- the options of ./node that set a limit (--max-memory ..) are those of the nodes, and the others
-- mean nothing: a simulated node has a disk of its own, and is always confined. Any other program
-- runs as it is, in real time.
local function find_command(opts)
  local words = table.move(opts.bin, 1, #opts.bin, 1, {})
  table.move(opts.args, 1, #opts.args, #words + 1, words)
  local is_host = words[1]:match("[^/]*$") == "node"
  local place, limits = 1, nil
  if is_host then
    place, limits = script_place(words)
  end
  local name = words[place]
  if is_host and not name then
    return nil, '--bin names no script: expected --bin "./node challenges/echo_1.lua"'
  elseif is_host and not name:find("%.lua$") then
    return nil, ("--bin: expected a Lua script for ./node, not %s"):format(name)
  end
  if opts.real_time or not name:find("%.lua$") then
    if is_folder(words[1]) then
      return nil, ("--bin %s: that is a folder; expected a program or a Lua script, such as "
        .. "challenges/echo_1.lua"):format(words[1])
    end
    local is_path = words[1]:find("/", 1, true)
    if is_path and not os.rename(words[1], words[1]) then
      return nil, ("--bin %s: there is no such program"):format(words[1])
    end
    opts.real_time = true
    return words, name
  end
  local path, message = worlds.find_script(name)
  if not path then
    return nil, message
  end
  words = table.move(words, place, #words, 1, {})
  words[1] = path
  opts.limits = limits
  return words, name
end

--- Parses a command line and finds what it runs.
-- @tparam {string,...} args
-- @tparam string command test, explore, ..
-- @treturn[1] table options, with `command` (see sim.cluster), `script_name` and `arguments`
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function trial.options(args, command)
  local opts, message = options.parse(args, command)
  if not opts or opts.help or not commands.find(command).takes_run then
    return opts, message
  end
  local words, name = find_command(opts)
  if not words then
    return nil, name
  end
  for _, fault in ipairs(opts.real_time and opts.nemesis or {}) do
    if fault == "skew" then
      return nil, "--nemesis skew: only in virtual time; a process has the clock of this machine"
    end
  end
  opts.command, opts.script_name, opts.arguments = words, name, args
  return opts
end

--- Begins a command: parses its options, and sees to --help and to what is wrong.
-- @tparam {string,...} args
-- @tparam string command test, explore, ..
-- @treturn[1] table options, see trial.options
-- @treturn[2] nil
-- @treturn[2] integer the status to exit with
function trial.begin(args, command)
  local opts, message = trial.options(args, command)
  if opts and commands.find(command).in_virtual_time and opts.real_time then
    opts, message = nil, command .. " runs in virtual time, which --bin or --real-time rules out"
  end
  if not opts then
    io.stderr:write("sim: ", message, "\n")
    return nil, BAD_OPTIONS
  elseif opts.help then
    io.stdout:write(help.command(command, terminal.columns(1)))
    return nil, 0
  end
  return opts
end

--- What the first handler that crashed said, for whoever has just edited the script.
-- @tparam {op,...} history
-- @treturn string "n1: mine.lua:3: ..", or nil when none did
function trial.first_crash(history)
  for _, op in ipairs(history) do
    if op.error and op.error.name == "crash" then
      return ("%s: %s"):format(op.node, op.error.text)
    end
  end
end

--- Runs and judges.
-- @tparam table opts what trial.options returned
-- @tparam[opt] function on_start see sim.runner
-- @treturn[1] table what happened, see sim.runner, and `results` and `details`, see sim.results
-- @treturn[2] nil
-- @treturn[2] string why it could not run
function trial.run(opts, on_start)
  local run, message = runner.run(opts, on_start)
  if not run then
    return nil, message
  end
  local workload = workloads.get(run.workload)
  run.results, run.details = results.build({
    history = run.history, opts = opts, net = run.net, problems = run.problems, seed = run.seed,
    interrupted = run.interrupted, checker = workload.check, fingerprint = run.fingerprint,
    contents = run.contents, noun = run.contents and workload.contents.noun,
    start_us = run.start_us,
  })
  return run
end

return trial
