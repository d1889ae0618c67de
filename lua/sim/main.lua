--- The command line of `./sim`.
-- @module sim.main

local commands = require "sim.commands"
local help = require "sim.help"
local terminal = require "sim.terminal"

local BAD_OPTIONS = 254

local function complain(...)
  io.stderr:write("sim: ", ...)
  io.stderr:write("\n")
  return BAD_OPTIONS
end

-- `./sim help`, of a command or of another topic.
local function show_help(topic)
  local width = terminal.columns(1)
  if topic == nil then
    io.stdout:write(help.overview(width))
  elseif commands.find(topic) then
    io.stdout:write(help.command(topic, width))
  elseif topic == "format" then
    io.stdout:write(require("sim.files").help())
  else
    local topics = {}
    for i, other in ipairs(commands.topics) do
      topics[i] = other[1]
    end
    return complain(("there is no help on %q; %s"):format(topic, commands.suggest(topic, topics)))
  end
  return 0
end

-- A word that is no command: perhaps a script, for people who come from ./node.
local function unknown(name)
  if name:find("%.lua$") then
    return complain(("%q is no command; to run a script: ./sim test %s"):format(name, name))
  elseif name:sub(1, 1) == "-" then
    return complain(("expected a command before %s, as in ./sim test %s"):format(name, name))
  end
  return complain(("unknown command %q; %s"):format(name, commands.suggest(name)))
end

return function(...)
  local args = { ... }
  local name = table.remove(args, 1)
  if not name then
    io.stderr:write(help.overview(terminal.columns(2)))
    return BAD_OPTIONS
  elseif name == "--help" or name == "-h" then
    return show_help()
  elseif name == "help" then
    return show_help(args[1])
  elseif not commands.find(name) then
    return unknown(name)
  end
  return require("sim." .. name).main(args)
end
