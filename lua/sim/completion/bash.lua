--- Completion for bash: functions for `complete -F`. Bash splits words at =, so a value is looked
-- for behind both forms, --name value and --name=value.
-- @module sim.completion.bash

local bash = {}

local HEAD = [==[
# bash completion of sim and node (Hearsay). To use it now: source <(./sim completion bash)

# What a value may be; $1 is its kind, as "words:a b", and $cur what is written of it.
_hearsay_value() {
  case $1 in
  words:*) COMPREPLY=($(compgen -W "${1#words:}" -- "$cur")) ;;
  list:*)
    local done= last=$cur word
    case $cur in *,*) done=${cur%,*}, last=${cur##*,} ;; esac
    COMPREPLY=()
    for word in $(compgen -W "${1#list:}" -- "$last"); do
      case ,$done in *",$word,"*) ;; *) COMPREPLY+=("$done$word") ;; esac
    done
    compopt -o nospace 2>/dev/null
    ;;
  script)
    local IFS=$'\n' file
    COMPREPLY=($(compgen -f -X '!*.lua' -- "$cur") $(compgen -d -S / -- "$cur"))
    if [[ $cur != */* && -d challenges ]]; then
      for file in challenges/*.lua; do
        [[ ${file##*/} == "$cur"* ]] && COMPREPLY+=("$file")
      done
    fi
    compopt -o filenames 2>/dev/null
    ;;
  folder)
    local IFS=$'\n'
    COMPREPLY=($(compgen -d -- "$cur"))
    compopt -o filenames 2>/dev/null
    ;;
  program)
    local IFS=$'\n'
    COMPREPLY=($(compgen -f -- "$cur"))
    compopt -o filenames 2>/dev/null
    ;;
  *) COMPREPLY=() ;;
  esac
}

# What is written of the last word, and what is before it, which for --name=value is --name: then
# $is_set is set.
_hearsay_words() {
  cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} is_set=
  if [[ $cur == = ]]; then
    cur= is_set=1
  elif [[ $prev == = && $COMP_CWORD -gt 1 ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]} is_set=1
  fi
}
]==]

local function quote(text)
  return '"' .. text .. '"'
end

-- Cases: which value follows an option. Without `optional` ones: these have it behind = only.
local function values(flags, indent)
  local lines = {}
  for _, option in ipairs(flags) do
    if option.value and not option.optional then
      lines[#lines + 1] = ("%s%s) _hearsay_value %s; return ;;"):format(indent,
        table.concat(option.flags, "|"), quote(option.value))
    elseif option.value then
      lines[#lines + 1] = ("%s%s) [ $is_set ] && { _hearsay_value %s; return; } ;;"):format(indent,
        option.flags[1], quote(option.value))
    end
  end
  return lines
end

local function words(flags)
  local all = {}
  for _, option in ipairs(flags) do
    all[#all + 1] = table.concat(option.flags, " ")
  end
  return table.concat(all, " ")
end

--- The text for bash.
-- @tparam table tree see sim.completion
-- @treturn string
function bash.render(tree)
  local out = { HEAD }
  local names = {}
  local function add(...)
    out[#out + 1] = string.format(...)
  end
  add("_hearsay_sim() {\n  local cur prev is_set\n  _hearsay_words")
  add("  case ${COMP_WORDS[1]} in")
  for i, command in ipairs(tree.commands) do
    names[i] = command.name
    add("  %s)", command.name)
    if #command.flags > 0 then
      add("    case $prev in")
      out[#out + 1] = table.concat(values(command.flags, "    "), "\n")
      add("    esac")
      add('    [[ $cur == -* ]] && { _hearsay_value "words:%s"; return; }', words(command.flags))
    end
    add("    [ \"$COMP_CWORD\" -gt 1 ] && { _hearsay_value %s; return; }",
      quote(command.operand))
    add("    ;;")
  end
  add("  esac")
  add('  [ "$COMP_CWORD" -gt 1 ] || _hearsay_value "words:%s --help"', table.concat(names, " "))
  add("}\n")
  add("_hearsay_node() {\n  local cur prev is_set\n  _hearsay_words")
  add("  case $prev in")
  out[#out + 1] = table.concat(values(tree.node, "  "), "\n")
  add("  esac")
  add('  [[ $cur == -* ]] && { _hearsay_value "words:%s"; return; }', words(tree.node))
  add('  _hearsay_value "script"')
  add("}\n")
  add("complete -F _hearsay_sim sim ./sim\ncomplete -F _hearsay_node node ./node")
  return (table.concat(out, "\n"):gsub("\n\n\n+", "\n\n")) .. "\n"
end

return bash
