-- Runs every node that is right, with random mixes of the faults that it survives and of nodes,
-- latencies, topologies and loads: make survive [SEEDS=n] [ONLY=text] [TOGETHER=1], ONLY for the
-- files with the text in their names, TOGETHER for all of a node's faults in every run. Prints a
-- table, and ends with 1 at the first run that is invalid, with the command that repeats it.
--
-- The nodes are the challenges and those in tests/sim/right. Each is expected to survive all faults
-- but kill, which takes its memory, unless it is said below what it claims.

local faults = require "sim.nemesis.faults"
local json = require "hearsay.json"
local progress = require "sim.progress"
local sweep = require "hearsay.sweep"

local FOLDERS = { "challenges", "tests/sim/right" }
local IS_TOGETHER = (os.getenv("TOGETHER") or "") ~= ""
-- Under all faults at once operations succeed so rarely that a run has to be longer.
local OPTIONS = IS_TOGETHER and "--time-limit 20 " or "--time-limit 5 "

-- All faults but those in a text.
local function all_but(text)
  local chosen = {}
  for _, name in ipairs(faults.names) do
    if not (" " .. text .. " "):find(" " .. name .. " ", 1, true) then
      chosen[#chosen + 1] = name
    end
  end
  return chosen
end

local LOSSY = "kill partition one-way loss" -- what a node that repeats nothing does not survive
local ALONE = { but = "kill", options = "--node-count 1 " }

-- By file: a list of cases, or one. Each has `but`, the faults that it does not survive, `options`,
-- and `arguments` of the script.
local CLAIMS = {
  ["echo_1.lua"] = {
    { but = "" }, -- unknown, wherever a node that stood still left a client without an answer
    { but = "kill pause" },
  },
  ["unique_ids_2.lua"] = {
    { but = "kill" }, -- who starts again on a clock that has gone back repeats its ids
    { but = "skew" },
    { but = "", arguments = "counter" },
    { but = "", arguments = "uuid7" },
  },
  ["broadcast_3a.lua"] = ALONE,
  ["broadcast_3b.lua"] = { but = LOSSY },
  ["g_counter_4.lua"] = {
    { but = "kill", options = "-w g-counter " },
    { but = "kill", options = "-w pn-counter ", arguments = "negative=true" },
  },
  ["kafka_5a.lua"] = {
    ALONE,
    -- So long that its clients find it alive now and then.
    { but = "", options = "--node-count 1 --time-limit 40 --concurrency 10 ",
      arguments = "durable=true" },
  },
  ["kafka_5b.lua"] = { but = "" },
  ["kafka_5c.lua"] = {
    { but = "kill" },
    { but = "", options = "--time-limit 40 ", arguments = "durable=true" },
  },
  ["txn_6a.lua"] = {
    { but = "kill", options = "-w txn-rw-register --node-count 1 " },
    { but = "kill", options = "-w txn-list-append --node-count 1 " },
  },
  ["txn_6b.lua"] = {
    but = "kill", options = "-w txn-rw-register --node-count 2 --consistency-models read-atomic ",
  },
  ["txn_6c.lua"] = {
    but = "kill", options = "-w txn-rw-register --consistency-models causal ",
  },
  ["lin_kv.lua"] = {
    { but = "kill", options = "-w lin-kv --concurrency 2n --time-limit 20 " },
    { but = "", options = "-w lin-kv --concurrency 2n --time-limit 40 ",
      arguments = "durable=true" },
  },
  ["txn_list_append.lua"] = {
    { but = "kill", options = "-w txn-list-append --concurrency 2n --time-limit 20 " },
    { but = "", options = "-w txn-list-append --concurrency 2n --time-limit 40 ",
      arguments = "durable=true" },
  },
  ["g_set.lua"] = { but = "kill", options = "-w g-set " },
  ["pn_counter.lua"] = { but = "kill", options = "-w pn-counter " },
  ["counter_push.lua"] = {
    { but = "kill", options = "-w g-counter " },
    { but = "kill", options = "-w pn-counter " },
  },
  -- A write that is repeated and comes twice, late, undoes the one after it; under a spike it is
  -- repeated before it has come.
  ["counter_seq_kv.lua"] = { but = "kill duplicate spike", options = "-w pn-counter " },
  ["g_set_push.lua"] = { but = "kill", options = "-w g-set " },
  ["lin_kv_proxy.lua"] = { but = "duplicate", options = "-w lin-kv --concurrency 2n " },
  ["lin_kv_owner.lua"] = { but = "kill", options = "-w lin-kv --concurrency 2n " },
}

local function nodes()
  local found = {}
  for _, folder in ipairs(FOLDERS) do
    local pipe = assert(io.popen(("ls %s/*.lua"):format(folder)))
    for path in pipe:lines() do
      local file = path:match("[^/]+$")
      local claims = CLAIMS[file] or { but = "kill" }
      local is_asked = file:find(os.getenv("ONLY") or "", 1, true)
      for _, case in ipairs(is_asked and (claims.but and { claims } or claims) or {}) do
        found[#found + 1] = { path = path, case = case }
      end
    end
    pipe:close()
  end
  return found
end

-- The arguments of ./sim explore, and which options they give.
local function command_line(node)
  local args, given = { "--bin", node.path }, { bin = node.path }
  local options = OPTIONS .. (node.case.options or "")
  if IS_TOGETHER then
    options = options .. " --nemesis " .. table.concat(all_but(node.case.but), ",")
  end
  for word in options:gmatch("%S+") do
    args[#args + 1] = word
    if word:find("^%-") then
      given[word == "-w" and "workload" or word:sub(3)] = true
    end
  end
  if node.case.arguments then
    args[#args + 1] = "--"
    args[#args + 1] = node.case.arguments
  end
  return args, given
end

-- Runs a node with all seeds; calls a function after each. Returns counts, and the first outcome
-- that is invalid.
local function survive(node, seeds, after_each)
  local args, given = command_line(node)
  local counts, failure = { [true] = 0, [false] = 0, unknown = 0, operations = 0 }, nil
  sweep.run({
    module = "sim.explore_worker",
    argument = json.encode({
      args = json.array(args), given = given, faults = json.array(all_but(node.case.but)),
    }),
    first = 1, count = seeds, threads = sweep.processors(),
  }, function(seed, text)
    local outcome = json.decode(text)
    if outcome.problem then
      error(("%s: seed %d: %s"):format(node.path, seed, outcome.problem), 0)
    end
    counts[outcome.valid] = counts[outcome.valid] + 1
    counts.operations = counts.operations + outcome.operations
    failure = outcome.valid == false and outcome or nil
    after_each()
    return failure ~= nil
  end)
  return counts, failure
end

local function name_of(node)
  local workload = (node.case.options or ""):match("%-w (%S+)")
  return table.concat({ node.path:match("[^/]+$"), node.case.arguments or workload }, " ")
end

local seeds = tonumber(arg[1] or 100)
local all, total = nodes(), { runs = 0, valid = 0, unknown = 0, operations = 0 }
print(("%-36s %7s %7s %8s %11s  faults but"):format("node", "seeds", "valid", "unknown",
  "operations"))
local shown, seen = progress.new("runs", #all * seeds), 0
for _, node in ipairs(all) do
  local counts, failure = survive(node, seeds, function()
    seen = seen + 1
    shown:step(seen, name_of(node))
  end)
  shown:clear()
  local done = counts[true] + counts[false] + counts.unknown
  print(("%-36s %7d %7d %8d %11d  %s"):format(name_of(node), done, counts[true], counts.unknown,
    counts.operations, node.case.but == "" and "none" or node.case.but))
  if failure then
    print(("\n%s\n  %s"):format(failure.verdict, failure.command))
    os.exit(1)
  elseif done < seeds then
    print("interrupted")
    os.exit(2)
  end
  total.runs, total.valid = total.runs + done, total.valid + counts[true]
  total.unknown = total.unknown + counts.unknown
  total.operations = total.operations + counts.operations
  io.stdout:flush()
end
print(("%d runs, none invalid: %d valid, %d unknown; %d operations"):format(total.runs, total.valid,
  total.unknown, total.operations))
