--- Completion for fish: a list of `complete` commands.
-- @module sim.completion.fish

local fish = {}

local HEAD = [[
# fish completion of sim and node (Hearsay). To use it now: ./sim completion fish | source

function __hearsay_scripts
    __fish_complete_suffix .lua
    printf '%s\n' challenges/*.lua
end

# Words of a list that are not there yet, behind those that are.
function __hearsay_list
    set -l cur (commandline -ct | string replace -r '^--[^=]*=' '')
    set -l done (string match -r '^.*,' -- $cur; or echo '')
    for word in $argv
        string match -q -- "*,$word,*" ",$done"; or echo $done$word
    end
end
]]

-- What completes a value: options of `complete`.
local function action(value)
  local kind, list = value:match("^(%l+):?(.*)$")
  if kind == "words" then
    return ("-xa '%s'"):format(list)
  elseif kind == "list" then
    return ("-xa '(__hearsay_list %s)'"):format(list)
  elseif kind == "script" then
    return "-xa '(__hearsay_scripts)'"
  elseif kind == "folder" then
    return "-xa '(__fish_complete_directories)'"
  end
  return kind == "program" and "-rF" or "-x"
end

local function option(program, condition, each)
  local flags = {}
  for i, flag in ipairs(each.flags) do
    flags[i] = flag:sub(1, 2) == "--" and "-l " .. flag:sub(3) or "-s " .. flag:sub(2)
  end
  local value = each.value and action(each.value) or ""
  if each.optional then -- it may come without
    value = value:gsub("^%-xa", "-f -a")
  end
  return ("complete -c %s%s %s %s -d '%s'"):format(program, condition, table.concat(flags, " "),
    value, each.about):gsub("  +", " ")
end

--- The text for fish.
-- @tparam table tree see sim.completion
-- @treturn string
function fish.render(tree)
  local out = { HEAD, "complete -c sim -f", "complete -c node -f" }
  local function add(text)
    out[#out + 1] = text
  end
  for _, command in ipairs(tree.commands) do
    add(("complete -c sim -n __fish_use_subcommand -a %s -d '%s'"):format(command.name,
      command.about))
  end
  for _, command in ipairs(tree.commands) do
    local condition = (" -n '__fish_seen_subcommand_from %s'"):format(command.name)
    if command.name == "help" then -- its words are commands too
      condition = " -n 'test (count (commandline -opc)) = 2; and " .. condition:match("'(.*)$")
    elseif command.operand ~= "none" then
      condition = condition:gsub("'__", "'not __fish_seen_subcommand_from help; and __")
    end
    if command.operand ~= "none" then
      local words = action(command.operand):gsub("^%-xa", "-f -a")
      add(("complete -c sim%s %s"):format(condition, words))
    end
    for _, each in ipairs(command.flags) do
      add(option("sim", condition, each))
    end
  end
  add("complete -c node -f -a '(__hearsay_scripts)'")
  for _, each in ipairs(tree.node) do
    add(option("node", "", each))
  end
  return table.concat(out, "\n") .. "\n"
end

return fish
