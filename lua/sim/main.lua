--- The command line of `./sim`.
-- @module sim.main

local HELP = [[
Usage: ./sim test --bin "./node SCRIPT" [OPTIONS]

Runs clusters of Hearsay nodes in virtual time.

Commands:
  test      run a workload against a cluster and judge it
  explore   run it with thousands of seeds and random faults, on all processors
  shrink    find the least that still fails of a run that fails
  replay    tell a run step by step
  compare   run several scripts and put their figures side by side
  check     judge a stored run again
  report    write the page of a run: store/latest/report.html

Each has --help. The files that a test leaves: ./sim help format

]]

local commands = { "test", "explore", "shrink", "replay", "compare", "check", "report" }

local function find(name)
  for _, command in ipairs(commands) do
    if command == name then
      return require("sim." .. command).main
    end
  end
end

-- `./sim help`, of a command or of the files' format.
local function help(topic)
  local command = find(topic)
  if command then
    return command({ "--help" })
  elseif topic == nil or topic == "format" then
    io.stdout:write(topic and require("sim.files").help() or HELP)
    return 0
  end
  io.stderr:write(("sim: there is no help on %q; expected one of %s, format\n"):format(topic,
    table.concat(commands, ", ")))
  return 254
end

return function(...)
  local args = { ... }
  local name = table.remove(args, 1)
  if name == "--help" or name == "-h" then
    io.stdout:write(HELP)
    return 0
  end
  if name == "help" then
    return help(args[1])
  end
  local command = find(name)
  if not command then
    io.stderr:write(name and ("sim: unknown command %q; expected one of %s\n"):format(name,
      table.concat(commands, ", ")) or HELP)
    return 254
  end
  return command(args)
end
