--- `./sim completion`: what a shell needs to complete the command lines of ./sim and ./node.
--
-- A text for a shell is made from sim.commands, sim.options and the options of ./node, and holds
-- all that it needs, so that a press of the tab key starts no program. Each shell has a function
-- that says which words may stand at a place; what a value may be is a word of its own:
--
--   words:A B ..   one of these        list:A B ..   some of these, with commas between them
--   script         a Lua script, also of the challenges     folder, program, none
-- @module sim.completion

local bash = require "sim.completion.bash"
local command_line = require "hearsay.command_line"
local commands = require "sim.commands"
local fish = require "sim.completion.fish"
local help = require "sim.help"
local nearest = require "sim.nearest"
local options = require "sim.options"
local trial = require "sim.trial"
local zsh = require "sim.completion.zsh"

local BAD_OPTIONS = 254

local completion = {}

local shells = { bash = bash, zsh = zsh, fish = fish }

-- The first sentence of a help text, without what a shell might take for its own.
local function summary(text)
  return (text:match("^[^:;,(.]+"):gsub("['\"`$\\%[%]]", ""):gsub(" +$", ""))
end

local function kind_of(option)
  if not option.takes then
    return nil
  elseif option.values then
    return (option.many and "list:" or "words:") .. table.concat(option.values, " ")
  end
  return option.completes or "none"
end

-- Options as the shells want them: `flags`, `about`, `value` (what may stand there, or nil for
-- flags), `optional`.
local function flags_of_command(name)
  local list = {}
  for _, option in ipairs(options.of(name)) do
    if option.name then
      list[#list + 1] = {
        flags = { "--" .. option.name, option.short and "-" .. option.short },
        about = summary((help.of_option(option))), value = kind_of(option),
      }
    end
  end
  return list
end

local function flags_of_node()
  local list = {}
  for _, option in ipairs(command_line.node()) do
    if option.name then
      local value
      if option.values then
        value = "words:" .. option.values
      elseif option.takes then
        value = option.takes == "DIR" and "folder" or "none"
      end
      list[#list + 1] = { flags = { option.name }, about = summary(option.help), value = value,
        optional = option.optional }
    end
  end
  return list
end

-- What may stand where no option does.
local function operand_of(command)
  local operand = command.operand
  if not operand then
    return "none"
  end
  return type(operand.completes) == "table"
    and "words:" .. table.concat(operand.completes, " ") or operand.completes
end

--- What there is to complete.
-- @treturn table
--
--   - commands: a list of {name, about, flags, operand}; flags is a list of {flags, about, value,
--     optional}, see above
--   - topics: what `./sim help` takes beside commands
--   - node: the flags of ./node
function completion.tree()
  local tree = { commands = {}, node = flags_of_node() }
  for i, command in ipairs(commands.list) do
    tree.commands[i] = { name = command.name, about = summary(command.summary),
      flags = flags_of_command(command.name), operand = operand_of(command) }
  end
  local topics = commands.names()
  for _, topic in ipairs(commands.topics) do
    topics[#topics + 1] = topic[1]
  end
  table.insert(tree.commands, { name = "help", about = "tell of a command",
    operand = "words:" .. table.concat(topics, " "), flags = {} })
  return tree
end

--- The text for a shell.
-- @tparam string shell bash, zsh or fish
-- @treturn string
function completion.text(shell)
  return shells[shell].render(completion.tree())
end

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status
function completion.main(args)
  local opts, status = trial.begin(args, "completion")
  if not opts then
    return status
  elseif not shells[opts.operand] then
    local known = commands.find("completion").operand.completes
    io.stderr:write("sim: ", opts.operand and ("unknown shell %q; "):format(opts.operand)
      or "what shell? ", nearest.hint(opts.operand or "", known), "\n")
    return BAD_OPTIONS
  end
  io.stdout:write(completion.text(opts.operand))
  return 0
end

return completion
