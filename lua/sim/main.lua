--- The command line of `./sim`.
-- @module sim.main

local HELP = [[
Usage: ./sim test --bin "./node SCRIPT" [OPTIONS]

Runs clusters of Hearsay nodes in virtual time.

Commands:
  test    run a workload against a cluster and judge it (./sim test --help)

]]

local commands = {
  test = function(args)
    return require("sim.test").main(args)
  end,
}

return function(...)
  local args = { ... }
  local name = table.remove(args, 1)
  if name == "--help" or name == "-h" then
    io.stdout:write(HELP)
    return 0
  end
  local command = commands[name]
  if not command then
    io.stderr:write(name and ("sim: unknown command %q; expected test\n"):format(name) or HELP)
    return 254
  end
  return command(args)
end
