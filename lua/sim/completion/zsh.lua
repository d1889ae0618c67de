--- Completion for zsh: a function for compinit, which works as well when it is sourced.
-- @module sim.completion.zsh

local zsh = {}

local HEAD = [==[
#compdef sim node
# zsh completion of sim and node (Hearsay). To use it now: source <(./sim completion zsh)

# Lua files here, and the challenges by a part of their names.
_hearsay_scripts() {
  local status_of_files
  _files -g "*.lua(-.)"
  status_of_files=$?
  [[ $PREFIX == */* || challenges == $PREFIX* ]] && return $status_of_files
  compadd -M 'l:|=*' -- challenges/*.lua(N) || return $status_of_files
}
]==]

-- What completes a value: the third part of a spec of _arguments.
local function action(value)
  local kind, list = value:match("^(%l+):?(.*)$")
  if kind == "words" then
    return "(" .. list .. ")"
  elseif kind == "list" then
    return "_values -s , value " .. list
  end
  return ({ script = "_hearsay_scripts", folder = "_files -/", program = "_files" })[kind] or " "
end

local function spec(option)
  local specs = {}
  for _, flag in ipairs(option.flags) do
    local is_long = flag:sub(1, 2) == "--"
    local equals = option.value and is_long and (option.optional and "=-" or "=") or ""
    local value = option.value and ("%s:value:%s"):format(option.optional and ":" or "",
      action(option.value)) or ""
    specs[#specs + 1] = ("'%s%s[%s]%s'"):format(flag, equals, option.about,
      option.value and (":" .. value:gsub("^:", ""):gsub("^:", ":")) or "")
  end
  return specs
end

local function arguments(flags, operand, indent)
  local lines = { indent .. "_arguments -s \\" }
  for _, option in ipairs(flags) do
    for _, text in ipairs(spec(option)) do
      lines[#lines + 1] = indent .. "  " .. text .. " \\"
    end
  end
  lines[#lines + 1] = ("%s  '*:argument:%s'"):format(indent, action(operand))
  return table.concat(lines, "\n")
end

--- The text for zsh.
-- @tparam table tree see sim.completion
-- @treturn string
function zsh.render(tree)
  local out = { HEAD, "_hearsay_sim() {", "  if (( CURRENT == 2 )); then", "    local -a commands",
    "    commands=(" }
  for _, command in ipairs(tree.commands) do
    out[#out + 1] = ("      '%s:%s'"):format(command.name, command.about)
  end
  out[#out + 1] = "    )\n    _describe command commands\n    return\n  fi"
  out[#out + 1] = "  local name=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $name in"
  for _, command in ipairs(tree.commands) do
    out[#out + 1] = ("  %s)\n%s\n    ;;"):format(command.name,
      arguments(command.flags, command.operand, "    "))
  end
  out[#out + 1] = "  esac\n}\n\n_hearsay_node() {"
  out[#out + 1] = arguments(tree.node, "script", "  ")
  out[#out + 1] = [==[
}

_hearsay() {
  case ${service:-$words[1]:t} in
  node | */node) _hearsay_node ;;
  *) _hearsay_sim ;;
  esac
}

if [[ $funcstack[1] == _sim || $funcstack[1] == _node ]]; then
  _hearsay "$@"
else
  compdef _hearsay sim node
fi]==]
  return table.concat(out, "\n") .. "\n"
end

return zsh
