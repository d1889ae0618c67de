--- The options of `./sim test` and of the other commands.
--
-- One table says everything about an option: its name, what it takes, its default, the help line
-- and how its text becomes a value. The parser, the help, the manual pages, shell completion and
-- the command that repeats a run are made from it. Names, meanings and defaults are Maelstrom's
-- where it has them.
-- @module sim.options

local commands = require "sim.commands"
local extension = require "sim.extension"
local kinds = require "sim.option_kinds"
local models = require "sim.checkers.txn.models"
local nearest = require "sim.nearest"
local topology = require "hearsay.topology"

local options = {}

--- The workloads that -w takes.
options.workloads = {
  "echo", "unique-ids", "broadcast", "g-set", "g-counter", "pn-counter", "kafka", "lin-kv",
  "txn-rw-register", "txn-list-append",
}

--- The faults that --nemesis takes.
options.faults = require("sim.nemesis.faults").names

-- name, key (what it is called in the parsed options; default: name with underscores), short, takes
-- (what stands for the value in the help; flags have none), default, shown (the default in the
-- help), values (all that it may be, beside files that `load` takes), many (whether several of
-- them, with commas), parse (default: one or many of the values), completes ("program" or
-- "folder"), help, only (the commands that take it; default: all that take the options of a run).
local GROUPS = {
  { title = "What to run" },
  { name = "workload", short = "w", takes = "NAME", values = options.workloads,
    load = extension.workload, shown = "what the script declares",
    help = function()
      return "Workload: " .. table.concat(options.workloads, ", ") .. "; or a file that has one"
    end },
  { name = "bin", takes = "PROGRAM", parse = kinds.command_words, completes = "program",
    help = "The node: a program, or a command in quotes. Arguments may also follow after --" },
  { name = "node-count", takes = "N", parse = kinds.integer(1, 10000),
    help = "Number of nodes, called n0, n1, .. (in place of --nodes)" },
  { name = "nodes", takes = "LIST", parse = kinds.node_ids,
    default = { "n1", "n2", "n3", "n4", "n5" }, shown = "n1,n2,n3,n4,n5", help = "Node ids" },
  { name = "real-time", default = false,
    help = "Run the nodes as processes and in real time, as is done with any program but ./node" },
  { name = "topology", takes = "NAME", values = topology.names, default = "grid",
    help = "Neighbours that broadcast suggests: " .. table.concat(topology.names, ", ") },

  { title = "Load" },
  { name = "rate", takes = "HZ", parse = kinds.number(0, 1000000), default = 5,
    help = "Operations a second, over all clients; 0 for none" },
  { name = "time-limit", takes = "S", parse = kinds.above_zero, default = 60,
    help = "Seconds the load lasts" },
  { name = "concurrency", takes = "N", parse = kinds.concurrency,
    default = { count = 1, per_node = true }, shown = "1n",
    help = "Clients; 2n stands for two a node" },
  { name = "key-count", takes = "N", parse = kinds.integer(1, 1000000),
    help = "Keys in use at a time, for transactions" },
  { name = "max-txn-length", takes = "N", parse = kinds.integer(1, 1000000), default = 4,
    help = "Operations in a transaction at most" },
  { name = "max-writes-per-key", takes = "N", parse = kinds.integer(1, 1000000), default = 16,
    help = "Writes to a key before it is retired, for transactions" },

  { title = "Network and faults" },
  { name = "latency", takes = "MS", parse = kinds.number(0, 1000000), default = 0,
    help = "Mean time a message between nodes takes, in milliseconds" },
  { name = "latency-dist", takes = "NAME",
    values = { "constant", "uniform", "exponential" }, default = "constant",
    help = "How latencies are distributed: constant, uniform, exponential" },
  { name = "no-head-of-line", key = "head_of_line", default = true,
    help = "Let a client's request pass messages that are not due yet, which Maelstrom does not" },
  { name = "max-line", takes = "BYTES", parse = kinds.integer(1, 1 << 40), shown = "any length",
    help = "Fail when a line between nodes is longer; many a reader stops at 65536" },
  { name = "sync-time", takes = "MS", parse = kinds.number(0, 1000000), default = 1,
    help = "Time a node's disk takes to make what was written durable, in milliseconds" },
  { name = "nemesis", takes = "FAULTS", values = options.faults, many = true,
    load = extension.fault, default = {}, shown = "none", help = function()
      return "Faults: " .. table.concat(options.faults, ", ") .. "; or files that have one"
    end },
  { name = "nemesis-interval", takes = "S", parse = kinds.above_zero, default = 10,
    help = "Mean seconds between the start and the end of faults" },

  { title = "What is right" },
  { name = "availability", takes = "PART", parse = kinds.availability, shown = "any",
    help = "Operations that must succeed: total, or a number from 0 to 1" },
  { name = "consistency-models", takes = "LIST", values = models.names, many = true,
    default = { "strict-serializable" }, shown = "strict-serializable",
    help = "What transactions must hold: read-committed, snapshot-isolation, serializable, .." },
  { name = "converge", default = false,
    help = "Afterwards ask every node for all it has: 10 s after load and faults they must agree. "
      .. "Counts for the verdict, and for no other figure" },

  { title = "The run" },
  { name = "seed", takes = "N", parse = kinds.integer(0, math.maxinteger), default = 1,
    help = "The same seed gives the same run, to the last message" },
  { name = "test-count", takes = "N", only = { test = true }, parse = kinds.integer(1, 1000000),
    default = 1,
    help = "Number of runs, with seeds from --seed up" },

  { name = "fault-windows", takes = "LIST", parse = kinds.number_set, shown = "all",
    help = "Keep only these faults, by number, of those that the seed gives" },
  { name = "operations", takes = "N", parse = kinds.integer(1, 1000000000), shown = "no limit",
    help = "End the load after so many operations" },
  { name = "seeds", takes = "N", parse = kinds.integer(1, 1000000000), default = 1000,
    only = { explore = true }, help = "Number of seeds, from --seed up" },
  { name = "threads", takes = "N", parse = kinds.integer(1, 1024), shown = "one a processor",
    only = { explore = true }, help = "Threads that runs are spread over" },
  { name = "collect", default = false, only = { explore = true },
    help = "Go on after a failure, and list them all" },
  { name = "csv", default = false, only = { compare = true }, help = "Print the table as CSV" },
  { name = "page", takes = "FILE", parse = kinds.any_text, shown = "none",
    only = { compare = true },
    help = "Write a page, too: messages against latency, beside what others have published" },

  { title = "Output" },
  { name = "json", default = false, only = { test = true, explore = true, compare = true },
    help = "Print the results as JSON and nothing else" },
  { name = "store", takes = "DIR", parse = kinds.any_text, completes = "folder", default = "store",
    only = { test = true }, help = "Folder for results, history and logs" },
  { name = "log-stderr", default = false, only = { test = true, watch = true },
    help = "Print what nodes write to stderr" },
  { name = "log-net-send", default = false, only = { test = true },
    help = "Print messages as they are sent" },
  { name = "log-net-recv", default = false, only = { test = true },
    help = "Print messages as they are received" },
  { name = "no-report", key = "report", default = true, only = { test = true },
    help = "Write no page of the run; ./sim report does that later" },
  { name = "open", default = false, only = { test = true, report = true },
    help = "Show the page in the browser" },
  { name = "full", default = false, only = { replay = true },
    help = "Print whole messages, however wide the terminal is" },
  { name = "color", takes = "WHEN", values = { "auto", "always", "never" }, default = "auto",
    help = "Colours: auto, on a terminal unless NO_COLOR is set; always; never" },
  { name = "help", short = "h", default = false, help = "This text" },
}

local by_flag = {}
for _, option in ipairs(GROUPS) do
  if option.name then
    if option.values then
      option.parse = (option.many and kinds.list_of or kinds.one_of)(option.values,
        option.load)
    end
    option.key = option.key or option.name:gsub("-", "_")
    by_flag["--" .. option.name] = option
    if option.short then
      by_flag["-" .. option.short] = option
    end
  end
end

-- Whether a command takes an option.
local function belongs(option, command)
  if option.title then
    return false
  elseif option.name == "help" then
    return true
  elseif option.only then
    return option.only[command] or false
  end
  return commands.find(command).takes_run or false
end

--- Whether a word is an option that takes the next word as its value.
-- @tparam string word
-- @treturn boolean
function options.takes_next(word)
  return by_flag[word] ~= nil and by_flag[word].takes ~= nil
end

--- The options of a command.
-- @tparam string command
-- @treturn {table,...} in the order of the help: options, with `name`, `short`, `takes`, `default`,
--   `shown`, `values`, `many`, `completes` and `help` (a string or a function that returns one); or
--   the title of those that follow, `{title = ".."}`
function options.of(command)
  local list, title = {}, nil
  for _, option in ipairs(GROUPS) do
    title = option.title and option or title
    if belongs(option, command) then
      list[#list + 1], title = title, nil
      list[#list + 1] = option
    end
  end
  return list
end

-- A word that is no option, or the name of one that the command does not take.
local function unknown_word(word, command, given)
  if word:sub(1, 1) ~= "-" then
    local operand = commands.find(command).operand
    if not operand then
      return ("unexpected word %q; ./sim %s takes options only"):format(word, command)
    elseif operand.completes ~= "script" then
      return ("unexpected word %q; expected one %s, which is %s"):format(word, operand.name, given)
    elseif not given then
      return ("unexpected word %q; expected a Lua script, such as challenges/echo_1.lua"):format(
        word)
    end
    return ("unexpected word %q; the program is %s already, and its arguments go after --"):format(
      word, given)
  end
  local flag = word:match("^[^=]*")
  if by_flag[flag] then
    local owners = {}
    for _, owner in ipairs(commands.list) do
      owners[#owners + 1] = belongs(by_flag[flag], owner.name) and owner.name or nil
    end
    return ("%s is an option of %s; %s does not take it"):format(flag,
      table.concat(owners, " and "), command)
  end
  local flags = {}
  for _, option in ipairs(options.of(command)) do
    flags[#flags + 1] = option.name and "--" .. option.name
  end
  local meant = nearest.find(flag, flags)
  return string.format("unknown option %s; %s", flag,
    meant and "did you mean " .. meant .. "?" or "./sim " .. command .. " --help lists them all")
end

local function copy(v)
  if type(v) ~= "table" then
    return v
  end
  local result = {}
  for key, field in pairs(v) do
    result[key] = field
  end
  return result
end

local function quote(text)
  if text:find("^[%w_./,=+:@%%-]+$") then
    return text
  elseif not text:find('["$`\\!]') then
    return '"' .. text .. '"'
  end
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Whether a word stands for the program: a Lua script needs no --bin.
local function is_script(word, command)
  local operand = commands.find(command).operand
  return operand and operand.completes == "script" and word:find("^[^-].*%.lua$") ~= nil
end

-- Whether a word is what a command without a run is about.
local function is_operand(word, command)
  local known = commands.find(command)
  return known.operand and not known.takes_run and word:sub(1, 1) ~= "-"
end

-- What other options decide: the list of nodes, the number of clients.
local function resolve(opts)
  if opts.node_count then
    opts.nodes = {}
    for i = 1, opts.node_count do
      opts.nodes[i] = "n" .. i - 1
    end
  end
  opts.node_count = #opts.nodes
  local clients = opts.concurrency
  opts.concurrency = clients.count * (clients.per_node and #opts.nodes or 1)
end

--- Parses the arguments after `./sim test` or another command that takes a test's options.
--
-- The fields of the result are the options' names with underscores, each with its default:
-- `workload` (nil when not given), `bin` (a list of words), `args` (what follows --), `nodes` (a
-- list), `node_count`, `concurrency` (a number of clients), `rate`, `time_limit` (seconds),
-- `latency` (milliseconds), `latency_dist`, `head_of_line`, `sync_time` (milliseconds), `nemesis`
-- (a list), `nemesis_interval` (seconds), `topology`, `real_time`, `availability` ("total", a
-- number or nil), `consistency_models` (a list), `converge`, `key_count` (or nil),
-- `max_txn_length`, `max_writes_per_key`, `seed`, `test_count`, `json`, `store`, `log_stderr`,
-- `log_net_send`, `log_net_recv`, `color`, `help`; `operand`, of a command that takes no run, what
-- it is about; and `given`, option names to the text that was given
-- (true for flags), for options.command.
-- @tparam {string,...} args
-- @tparam[opt="test"] string command
-- @treturn table the options; or nil
-- @treturn string one line that says what is wrong and what is allowed
function options.parse(args, command)
  command = command or "test"
  local opts = { args = {}, given = {} }
  for _, option in ipairs(GROUPS) do
    if belongs(option, command) then
      opts[option.key] = copy(option.default)
    end
  end
  local at = 1
  while at <= #args do
    local word = args[at]
    if word == "--" then
      opts.args = table.move(args, at + 1, #args, 1, {})
      break
    end
    local flag, text = word:match("^(%-%-?[^=]+)=(.*)$")
    local option = by_flag[flag or word]
    if not opts.bin and is_script(word, command) then
      option, flag, text = by_flag["--bin"], "--bin", quote(word)
    end
    if not opts.operand and is_operand(word, command) then
      opts.operand = word:match("^(.-)/*$")
    elseif not option or not belongs(option, command) then
      return nil, unknown_word(word, command, opts.given.bin or opts.operand)
    elseif not option.takes then
      if text then
        return nil, string.format("%s takes no value, got %s", flag, text)
      end
      opts[option.key] = not option.default
      opts.given[option.name] = true
    else
      if not text then
        at = at + 1
        text = args[at]
        if not text or text:find("^%-%-?%a") or text == "--" then
          return nil, string.format("%s needs a value: %s", word, option.takes)
        end
      end
      local value, expected, meant = option.parse(text)
      if value == nil then
        return nil, string.format("--%s %s: %sexpected %s", option.name,
          text:find("^[%w_./,+:-]+$") and text or '"' .. text .. '"',
          meant and "did you mean " .. meant .. "? " or "", expected)
      end
      opts[option.key] = value
      opts.given[option.name] = text
    end
    at = at + 1
  end
  if not commands.find(command).takes_run then
    return opts
  elseif not opts.bin and not opts.help then
    return nil, ("what to run is missing: expected a script, as in ./sim %s challenges/echo_1.lua")
      :format(command)
  end
  resolve(opts)
  return opts
end

--- The command that repeats a run: what was given, in the order of the help, and always the seed.
-- @tparam table opts what options.parse returned
-- @tparam[opt] table changes option names to other texts, or to false to leave one out:
--   `{seed = "7", ["test-count"] = false}`
-- @treturn string for a shell
function options.command(opts, changes)
  local given = { seed = string.format("%d", opts.seed) }
  for _, from in ipairs({ opts.given, changes or {} }) do
    for name, text in pairs(from) do
      given[name] = text
    end
  end
  local words = { "./sim test" }
  for _, option in ipairs(GROUPS) do
    local text = option.name ~= "color" and belongs(option, "test") and given[option.name]
    if text then
      local flag = option.name == "workload" and "-w" or "--" .. option.name
      words[#words + 1] = option.takes and flag .. " " .. quote(tostring(text)) or flag
    end
  end
  if opts.args[1] then
    words[#words + 1] = "--"
    for _, arg in ipairs(opts.args) do
      words[#words + 1] = quote(arg)
    end
  end
  return table.concat(words, " ")
end

return options
