--- The commands of `./sim`: what they are for and how they are used.
--
-- Help, manual pages and shell completion are made from this list, and from sim.options, which has
-- the options of each. A command is the module `sim.<name>`, whose `main` takes the arguments
-- behind the command's name and returns an exit status.
-- @module sim.commands

local nearest = require "sim.nearest"

local commands = {}

--- The commands, in the order in which one meets them:
--
--   - name, summary: one line, without a capital
--   - usage: what follows the name, a string for each form
--   - about: paragraphs
--   - examples: {what it shows, the arguments that follow ./sim}
--   - operand: what a word that is no option is: `name`, as in usage; `completes`, "script",
--     "folder" or a list of words; nil where there is none
--   - takes_run: whether it takes the options of a run
--   - in_virtual_time: whether it rules out --bin of another program
--   - status: {exit status, meaning}
commands.list = {
  {
    name = "test", summary = "run nodes under a workload and judge what clients saw",
    usage = { "SCRIPT [OPTIONS] [-- ARGUMENTS]", '--bin "PROGRAM ARGUMENTS" [OPTIONS]' },
    about = {
      "Runs a cluster of nodes under a workload, with faults, and judges what clients saw. A Lua "
        .. "script runs in virtual time, the same for the same seed; any other program runs as "
        .. "processes, in real time. Options have the names, meanings and defaults of Maelstrom's.",
      "The files that a run leaves are in store/WORKLOAD/TIME: see ./sim help format.",
    },
    examples = {
      { "a first run", "test challenges/echo_1.lua" },
      { "25 nodes that broadcast through partitions", "test challenges/broadcast_3e.lua "
        .. "--node-count 25 --rate 100 --time-limit 20 --latency 100 --nemesis partition" },
      { "arguments of the script", "test challenges/unique_ids_2.lua -- counter" },
      { "as for Maelstrom", 'test -w broadcast --bin "./node challenges/broadcast_3c.lua" '
        .. "--topology tree4 --seed 7" },
      { "a program in any language", 'test -w echo --bin "python3 mine.py" --time-limit 5' },
    },
    operand = { name = "SCRIPT", completes = "script" },
    takes_run = true,
    status = { { 0, "valid" }, { 1, "invalid" }, { 2, "too little to judge" } },
  },
  {
    name = "watch", summary = "run a script again at every save, and tell what changed",
    usage = { "SCRIPT [OPTIONS] [-- ARGUMENTS]" },
    about = {
      "Runs the script, and again whenever it or a module that it requires is saved. Prints the "
        .. "verdict and the figures, beside those of the run before. A script that does not load "
        .. "is told with file and line, and the next save tries again. ^C ends it.",
    },
    examples = {
      { "edit a policy and see what it costs", "watch challenges/broadcast_3d.lua --node-count 25 "
        .. "--rate 100 --latency 100" },
      { "under faults", "watch mine.lua --nemesis partition,loss --time-limit 20" },
    },
    operand = { name = "SCRIPT", completes = "script" },
    takes_run = true, in_virtual_time = true,
    status = { { 0, "ended by ^C" } },
  },
  {
    name = "explore", summary = "run it with thousands of seeds and random faults",
    usage = { "SCRIPT [OPTIONS] [-- ARGUMENTS]" },
    about = {
      "Runs a test with many seeds, on all processors, and stops at the first that is invalid, "
        .. "with the command that repeats it. For each seed a mix of faults, nodes, latency, "
        .. "topology and load is drawn; what is given here is not. Kills happen only when "
        .. "--nemesis names them, since they take a node's memory.",
    },
    examples = {
      { "a thousand seeds", "explore challenges/broadcast_3d.lua" },
      { "more of them, with five nodes each", "explore challenges/broadcast_3c.lua --seeds 10000 "
        .. "--node-count 5" },
      { "list all that fails", "explore challenges/broadcast_3b.lua --seeds 100 --collect" },
    },
    operand = { name = "SCRIPT", completes = "script" },
    takes_run = true, in_virtual_time = true,
    status = { { 0, "all valid" }, { 1, "one was invalid" }, { 2, "interrupted before" } },
  },
  {
    name = "shrink", summary = "find the least that still fails of a run that fails",
    usage = { "SCRIPT [OPTIONS] [-- ARGUMENTS]" },
    about = {
      "Takes the options of a run that fails, finds the fewest nodes, faults and operations with "
        .. "which it still fails, and prints the command for that run.",
    },
    examples = {
      { "why it loses values", "shrink challenges/broadcast_3b.lua --node-count 5 "
        .. "--nemesis partition,loss --rate 20" },
    },
    operand = { name = "SCRIPT", completes = "script" },
    takes_run = true, in_virtual_time = true,
    status = { { 0, "it does not fail" }, { 1, "it fails, and was shrunk" },
      { 2, "interrupted before" } },
  },
  {
    name = "replay", summary = "tell a run step by step",
    usage = { "SCRIPT [OPTIONS] [-- ARGUMENTS]" },
    about = {
      "Runs a test and prints what happened, in order: operations, faults and messages, a line "
        .. "each, with the time in seconds since the load began.",
    },
    examples = {
      { "how a value spreads", "replay challenges/broadcast_3d.lua --node-count 3 --time-limit 1" },
      { "what the shrunk run does", "replay challenges/broadcast_3b.lua --node-count 2 "
        .. "--operations 3 --nemesis loss | less" },
    },
    operand = { name = "SCRIPT", completes = "script" },
    takes_run = true,
    status = { { 0, "it ran" } },
  },
  {
    name = "compare", summary = "put the figures of several scripts side by side",
    usage = { "SCRIPT SCRIPT .. [OPTIONS]", '--bin "./node SCRIPT ARGUMENTS" --bin .. [OPTIONS]' },
    about = {
      "Runs each script with each --topology that is given (both may be given several times), "
        .. "calm, and once more under the faults that --nemesis names (default: partition). "
        .. "Prints a table, cheapest first; --csv and --json print it as such, --page "
        .. "writes a page with a picture of it.",
    },
    examples = {
      { "two scripts, two topologies", "compare challenges/broadcast_3b.lua "
        .. "challenges/broadcast_3c.lua --node-count 25 --rate 100 --latency 100 --topology grid "
        .. "--topology tree4" },
      { "two values of a parameter", 'compare --bin "challenges/broadcast_3d.lua window=0.1" '
        .. '--bin "challenges/broadcast_3d.lua window=1" --latency 100' },
    },
    operand = { name = "SCRIPT", completes = "script" },
    takes_run = true,
    status = { { 0, "all valid" }, { 1, "one was not" }, { 2, "interrupted" } },
  },
  {
    name = "check", summary = "judge a stored run again",
    usage = { "[DIR]" },
    about = {
      "Judges a run again by the files that it left in DIR (default: store/latest), and says "
        .. "whether results.json has the same. For histories that were edited, that come from "
        .. "elsewhere, or that an older version judged.",
    },
    examples = {
      { "the last run", "check" },
      { "an older one", "check store/broadcast/20261121T150131" },
    },
    operand = { name = "DIR", completes = "folder" },
    status = { { 0, "valid" }, { 1, "invalid" }, { 2, "too little to judge" } },
  },
  {
    name = "report", summary = "write the page of a run: store/latest/report.html",
    usage = { "[DIR] [--open]" },
    about = {
      "Writes DIR/report.html, a page that shows a run at a glance, and prints its path. DIR is "
        .. "the folder of a run, store/WORKLOAD/TIME (default: store/latest). The page is one file "
        .. "that needs no network: send it, print it, keep it.",
    },
    examples = {
      { "the last run, in the browser", "report --open" },
      { "an older one", "report store/broadcast/20261121T150131" },
    },
    operand = { name = "DIR", completes = "folder" },
    status = { { 0, "written" } },
  },
  {
    name = "completion", summary = "print what a shell needs to complete command lines",
    usage = { "SHELL" },
    about = {
      "Prints completion of ./sim and ./node for bash, zsh or fish: commands, options, what their "
        .. "values may be, and scripts. make install puts it where the shells look.",
    },
    examples = {
      { "for bash", "completion bash >~/.local/share/bash-completion/completions/sim" },
      { "for zsh, in a folder of $fpath", "completion zsh >~/.zsh/_sim" },
      { "for fish", "completion fish >~/.config/fish/completions/sim.fish" },
    },
    operand = { name = "SHELL", completes = { "bash", "zsh", "fish" } },
    status = { { 0, "printed" } },
  },
}

--- What any command may end with beside its own.
commands.statuses = { { 254, "bad options" }, { 255, "could not run" } }

--- What there is to help on beside the commands.
commands.topics = { { "format", "the files that a run leaves" } }

--- The names, in order.
-- @treturn {string,...}
function commands.names()
  local names = {}
  for i, command in ipairs(commands.list) do
    names[i] = command.name
  end
  return names
end

--- Finds a command.
-- @tparam string name
-- @treturn table its entry in the list; or nil
function commands.find(name)
  for _, command in ipairs(commands.list) do
    if command.name == name then
      return command
    end
  end
end

--- What to say of a word that is no command.
-- @tparam string word
-- @tparam[opt] {string,...} others what is allowed beside commands
-- @treturn string a sentence's end: `did you mean "test"?`, or all that there is
function commands.suggest(word, others)
  local names = commands.names()
  table.move(others or {}, 1, #(others or {}), #names + 1, names)
  return nearest.hint(word, names)
end

return commands
