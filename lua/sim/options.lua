--- The command line of `./sim test`.
--
-- One table says everything about an option: its name, what it takes, its default, the help line
-- and how its text becomes a value. The parser, the help and the command that repeats a run are
-- made from it. Names, meanings and defaults are Maelstrom's where it has them.
-- @module sim.options

local format = require "sim.format"
local models = require "sim.checkers.txn.models"
local topology = require "hearsay.topology"

local options = {}

--- The workloads that -w takes.
options.workloads = {
  "echo", "unique-ids", "broadcast", "g-set", "g-counter", "pn-counter", "kafka", "lin-kv",
  "txn-rw-register", "txn-list-append",
}

--- The faults that --nemesis takes.
options.faults = require("sim.nemesis.faults").names

local SERVICES = { ["lin-kv"] = true, ["seq-kv"] = true, ["lww-kv"] = true, ["lin-tso"] = true }

-- The number of edits (insert, delete, replace, swap neighbours) between two words.
local function edits(a, b)
  local before, last
  local row = {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    before, last, row = last, row, { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
  end
  return row[#b]
end

-- The word of a list that was probably meant, or nil.
local function nearest(word, list)
  local best, least = nil, math.max(1, #word // 3) + 1
  for _, candidate in ipairs(list) do
    local distance = edits(word, candidate)
    if #word >= 3 and candidate:sub(1, #word) == word then
      distance = 1
    end
    if distance < least then
      best, least = candidate, distance
    end
  end
  return best
end

local function contains(list, word)
  for _, candidate in ipairs(list) do
    if candidate == word then
      return true
    end
  end
  return false
end

-- What follows are the kinds of values. Each is a function from the text given on the command line
-- to the value; or to nil, what was expected (in words that follow "expected") and, where it can
-- be guessed, what was meant.

local function number(low, high, whole)
  local kind = whole and "a whole number" or "a number"
  local range = string.format(high and " from %s to %s" or ", %s or more", low, high)
  return function(text)
    local value = text:find("^[%d.eE+-]+$") and tonumber(text)
    if value and whole then
      value = math.tointeger(value)
    end
    if not value or value < low or value > (high or math.maxinteger) then
      return nil, kind .. range
    end
    return value
  end
end

local function integer(low, high)
  return number(low, high, true)
end

local function above_zero(text)
  local value = number(0)(text)
  if not value or value == 0 then
    return nil, "a number above 0"
  end
  return value
end

local function one_of(list)
  return function(text)
    if contains(list, text) then
      return text
    end
    local meant = nearest(text, list)
    return nil, (#list > 1 and "one of " or "") .. table.concat(list, ", "), meant
  end
end

local function words_of_list(text)
  local words = {}
  for word in (text .. ","):gmatch("%s*(.-)%s*,") do
    words[#words + 1] = word
  end
  return words
end

local function list_of(allowed)
  local pick = one_of(allowed)
  return function(text)
    local words = words_of_list(text)
    for _, word in ipairs(words) do
      local _, expected, meant = pick(word)
      if expected then
        return nil, (expected:gsub("^one of", "one or more, with commas, of")), meant
      end
    end
    return words
  end
end

local function number_set(text)
  local set = {}
  for _, word in ipairs(words_of_list(text)) do
    local n = math.tointeger(tonumber(word))
    if not n or n < 0 then
      return nil, "whole numbers with commas between them; 0 for none"
    end
    set[n] = true
  end
  return set
end

local function node_ids(text)
  local ids, seen = words_of_list(text), {}
  for _, id in ipairs(ids) do
    if id == "" then
      return nil, "node ids with commas between them, as in n1,n2,n3"
    elseif seen[id] then
      return nil, "node ids that differ; " .. id .. " is there twice"
    elseif SERVICES[id] or id:find("^c%d+$") then
      return nil, "node ids other than " .. id .. ", which is a service or a client"
    end
    seen[id] = true
  end
  return ids
end

local function concurrency(text)
  local count, per_node = text:match("^(%d+)(n?)$")
  count = count and math.tointeger(tonumber(count))
  if not count or count < 1 or count > 100000 then
    return nil, "a whole number from 1 to 100000, or that many for each node, as in 2n"
  end
  return { count = count, per_node = per_node == "n" }
end

local function availability(text)
  if text == "total" then
    return text
  end
  local value = number(0, 1)(text)
  return value, not value and "total or a number from 0 to 1" or nil
end

local function any_text(text)
  if text == "" then
    return nil, "a name"
  end
  return text
end

-- Splits a command at spaces as a shell does, as far as 'single' and "double" quotes go.
local function command_words(text)
  local words, word, at = {}, nil, 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == "'" or char == '"' then
      local close = text:find(char, at + 1, true)
      if not close then
        return nil, "a command whose quotes are closed"
      end
      word = (word or "") .. text:sub(at + 1, close - 1)
      at = close
    elseif char:find("%s") then
      if word then
        words[#words + 1] = word
      end
      word = nil
    else
      word = (word or "") .. char
    end
    at = at + 1
  end
  words[#words + 1] = word
  if #words == 0 then
    return nil, "a program to run"
  end
  return words
end

-- name, key (what it is called in the parsed options; default: name with underscores), short, takes
-- (what stands for the value in the help; flags have none), default, shown (the default in the
-- help), parse, help.
local GROUPS = {
  { title = "What to run" },
  { name = "workload", short = "w", takes = "NAME", parse = one_of(options.workloads),
    shown = "what the script declares",
    help = function() return "Workload: " .. table.concat(options.workloads, ", ") end },
  { name = "bin", takes = "PROGRAM", parse = command_words,
    help = "The node: a program, or a command in quotes. Arguments may also follow after --" },
  { name = "node-count", takes = "N", parse = integer(1, 10000),
    help = "Number of nodes, called n0, n1, .. (in place of --nodes)" },
  { name = "nodes", takes = "LIST", parse = node_ids,
    default = { "n1", "n2", "n3", "n4", "n5" }, shown = "n1,n2,n3,n4,n5", help = "Node ids" },
  { name = "real-time", default = false,
    help = "Run the nodes as processes and in real time, as is done with any program but ./node" },
  { name = "topology", takes = "NAME", parse = one_of(topology.names), default = "grid",
    help = "Neighbours that broadcast suggests: " .. table.concat(topology.names, ", ") },

  { title = "Load" },
  { name = "rate", takes = "HZ", parse = number(0, 1000000), default = 5,
    help = "Operations a second, over all clients; 0 for none" },
  { name = "time-limit", takes = "S", parse = above_zero, default = 60,
    help = "Seconds the load lasts" },
  { name = "concurrency", takes = "N", parse = concurrency,
    default = { count = 1, per_node = true }, shown = "1n",
    help = "Clients; 2n stands for two a node" },
  { name = "key-count", takes = "N", parse = integer(1, 1000000),
    help = "Keys in use at a time, for transactions" },
  { name = "max-txn-length", takes = "N", parse = integer(1, 1000000), default = 4,
    help = "Operations in a transaction at most" },
  { name = "max-writes-per-key", takes = "N", parse = integer(1, 1000000), default = 16,
    help = "Writes to a key before it is retired, for transactions" },

  { title = "Network and faults" },
  { name = "latency", takes = "MS", parse = number(0, 1000000), default = 0,
    help = "Mean time a message between nodes takes, in milliseconds" },
  { name = "latency-dist", takes = "NAME", parse = one_of({ "constant", "uniform", "exponential" }),
    default = "constant", help = "How latencies are distributed: constant, uniform, exponential" },
  { name = "no-head-of-line", key = "head_of_line", default = true,
    help = "Let a client's request pass messages that are not due yet, which Maelstrom does not" },
  { name = "max-line", takes = "BYTES", parse = integer(1, 1 << 40), shown = "any length",
    help = "Fail when a line between nodes is longer; many a reader stops at 65536" },
  { name = "nemesis", takes = "FAULTS", parse = list_of(options.faults), default = {},
    shown = "none", help = function() return "Faults: " .. table.concat(options.faults, ", ") end },
  { name = "nemesis-interval", takes = "S", parse = above_zero, default = 10,
    help = "Mean seconds between the start and the end of faults" },

  { title = "What is right" },
  { name = "availability", takes = "PART", parse = availability, shown = "any",
    help = "Operations that must succeed: total, or a number from 0 to 1" },
  { name = "consistency-models", takes = "LIST", parse = list_of(models.names),
    default = { "strict-serializable" }, shown = "strict-serializable",
    help = "What transactions must hold: read-committed, snapshot-isolation, serializable, .." },
  { name = "converge", default = false,
    help = "Afterwards ask every node for all it has: 10 s after load and faults they must agree. "
      .. "Counts for the verdict, and for no other figure" },

  { title = "The run" },
  { name = "seed", takes = "N", parse = integer(0, math.maxinteger), default = 1,
    help = "The same seed gives the same run, to the last message" },
  { name = "test-count", takes = "N", only = { test = true }, parse = integer(1, 1000000),
    default = 1,
    help = "Number of runs, with seeds from --seed up" },

  { name = "fault-windows", takes = "LIST", parse = number_set, shown = "all",
    help = "Keep only these faults, by number, of those that the seed gives" },
  { name = "operations", takes = "N", parse = integer(1, 1000000000), shown = "no limit",
    help = "End the load after so many operations" },
  { name = "seeds", takes = "N", parse = integer(1, 1000000000), default = 1000,
    only = { explore = true }, help = "Number of seeds, from --seed up" },
  { name = "threads", takes = "N", parse = integer(1, 1024), shown = "one a processor",
    only = { explore = true }, help = "Threads that runs are spread over" },
  { name = "collect", default = false, only = { explore = true },
    help = "Go on after a failure, and list them all" },
  { name = "csv", default = false, only = { compare = true }, help = "Print the table as CSV" },

  { title = "Output" },
  { name = "json", default = false, help = "Print results.json and nothing else" },
  { name = "store", takes = "DIR", parse = any_text, default = "store",
    help = "Folder for results, history and logs" },
  { name = "log-stderr", default = false, help = "Print what nodes write to stderr" },
  { name = "log-net-send", default = false, help = "Print messages as they are sent" },
  { name = "log-net-recv", default = false, help = "Print messages as they are received" },
  { name = "help", short = "h", default = false, help = "This text" },
}

local by_flag = {}
for _, option in ipairs(GROUPS) do
  if option.name then
    option.key = option.key or option.name:gsub("-", "_")
    by_flag["--" .. option.name] = option
    if option.short then
      by_flag["-" .. option.short] = option
    end
  end
end

-- Whether a command takes an option.
local function belongs(option, command)
  return not option.only or option.only[command] or false
end

local function unknown_word(word, command)
  if word:sub(1, 1) ~= "-" then
    return string.format('unexpected word "%s"; a program goes in --bin "./node %s", '
      .. "its arguments after --", word, word)
  end
  local flags = {}
  for _, option in ipairs(GROUPS) do
    if option.name and belongs(option, command) then
      flags[#flags + 1] = "--" .. option.name
    end
  end
  local meant = nearest(word:match("^[^=]*"), flags)
  return string.format("unknown option %s; %s", word:match("^[^=]*"),
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
-- `latency` (milliseconds), `latency_dist`, `head_of_line`, `nemesis` (a list), `nemesis_interval`
-- (seconds), `topology`, `real_time`, `availability` ("total", a number or nil),
-- `consistency_models` (a list), `converge`, `key_count` (or nil), `max_txn_length`,
-- `max_writes_per_key`, `seed`, `test_count`, `json`, `store`, `log_stderr`, `log_net_send`,
-- `log_net_recv`, `help`; and `given`, option names to the text that was given (true for flags),
-- for options.command.
-- @tparam {string,...} args
-- @tparam[opt="test"] string command
-- @treturn table the options; or nil
-- @treturn string one line that says what is wrong and what is allowed
function options.parse(args, command)
  command = command or "test"
  local opts = { args = {}, given = {} }
  for _, option in ipairs(GROUPS) do
    if option.name and belongs(option, command) then
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
    if not option or not belongs(option, command) then
      return nil, unknown_word(word, command)
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
  if not opts.bin and not opts.help then
    return nil, '--bin is missing: what to run, as in --bin "./node challenges/echo_1.lua"'
  end
  resolve(opts)
  return opts
end

local function quote(text)
  if text:find("^[%w_./,=+:@%%-]+$") then
    return text
  elseif not text:find('["$`\\!]') then
    return '"' .. text .. '"'
  end
  return "'" .. text:gsub("'", "'\\''") .. "'"
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
    local text = option.name and belongs(option, "test") and given[option.name]
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

local WIDTH = 80
local HELP_COLUMN = 33

local INTRODUCTION = [[
Usage: ./sim test --bin "./node SCRIPT [ARGUMENTS]" [OPTIONS]
       ./sim test --bin PROGRAM [OPTIONS] [-- ARGUMENTS]

Runs a cluster of nodes under a workload, with faults, and judges what clients
saw. Options have the names, meanings and defaults of Maelstrom's.
]]

local EXAMPLES = [[

Examples:
  ./sim test --bin "./node challenges/echo_1.lua"
  ./sim test -w broadcast --bin "./node challenges/broadcast_3e.lua" \
    --node-count 25 --rate 100 --time-limit 20 --latency 100
  ./sim test --bin challenges/broadcast_3c.lua --nemesis partition --seed 7
  ./sim test -w unique-ids --bin ./node --time-limit 10 -- \
    challenges/unique_ids_2.lua counter

Exit status: 0 valid, 1 invalid, 2 unknown, 254 bad options, 255 could not run.
]]

--- The text of `./sim test --help`, or of another command's.
-- @tparam[opt="test"] string command
-- @tparam[opt] string introduction what stands before the options, for another command
-- @treturn string in 80 columns
function options.help(command, introduction)
  local out = { introduction or INTRODUCTION }
  for _, option in ipairs(GROUPS) do
    if option.title then
      out[#out + 1] = "\n" .. option.title .. ":\n"
    elseif belongs(option, command or "test") then
      local left = (option.short and "  -" .. option.short .. ", --" or "      --")
        .. option.name .. (option.takes and " " .. option.takes or "")
      local text = type(option.help) == "function" and option.help() or option.help
      local shown = option.shown or (option.takes and option.default)
      if shown then
        text = string.format("%s (default: %s)", text, shown)
      end
      for i, line in ipairs(format.wrap(text, WIDTH - HELP_COLUMN)) do
        out[#out + 1] = format.pad(i == 1 and left or "", HELP_COLUMN) .. line .. "\n"
      end
    end
  end
  out[#out + 1] = introduction and "" or EXAMPLES
  return table.concat(out)
end

return options
