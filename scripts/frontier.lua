-- Measures how messages and latency change places in broadcast, as the window grows.
--
--     ./node --lua scripts/frontier.lua [SEEDS [POLICY WINDOW..]..]
--     ./node --lua scripts/frontier.lua 20 direct 0 0.03 hub 0.1 0.3 1
--
-- Runs challenge 3d with each policy and window over seeds 1..n in virtual time: 25 nodes, 100
-- operations a second, latency 100 ms constant, 20 s, no faults. Prints a table in Markdown:
-- messages between nodes, and stable latencies, of which both are the longest of all seeds. Exits
-- with 1 when a run is not valid.

local trial = require "sim.trial"

local TASK = "--node-count 25 --rate 100 --latency 100 --time-limit 20 --seed %d"
local SCRIPT = "challenges/broadcast_3d.lua"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

-- The script with its one line edited, as a person would.
local function edited(policy, window)
  local line = ("local policy = { policy = %q, window = %s }"):format(policy, window)
  local text, count = read(SCRIPT):gsub("local policy = [^\n]*", line)
  assert(count == 1, SCRIPT .. " has no line that names its policy")
  local path = os.tmpname()
  os.remove(path)
  path = path .. ".lua"
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  file:close()
  return path
end

local function run(path, seed)
  local words = { "--bin", path }
  for word in TASK:format(seed):gmatch("%S+") do
    words[#words + 1] = word
  end
  return assert(trial.run(assert(trial.options(words, "test")))).results
end

local function measure(policy, window, seeds)
  local path = edited(policy, window)
  local row = { valid = 0, messages = 0, most_messages = 0, each = 0, most_each = 0, median = 0,
    longest = 0 }
  for seed = 1, seeds do
    local results = run(path, seed)
    local servers, set = results.net.servers, results.workload
    local each = servers["msg-count"] / set["attempt-count"]
    row.valid = row.valid + (results["valid?"] == true and 1 or 0)
    row.messages = row.messages + servers["msgs-per-op"] / seeds
    row.most_messages = math.max(row.most_messages, servers["msgs-per-op"])
    row.each = row.each + each / seeds
    row.most_each = math.max(row.most_each, each)
    row.median = math.max(row.median, set["stable-latencies"]["0.5"])
    row.longest = math.max(row.longest, set["stable-latencies"]["1"])
  end
  os.remove(path)
  return row
end

local seeds = math.tointeger(tonumber(arg[1] or "20")) or error("expected a number of seeds")
local words = table.move(arg, 2, #arg, 1, {})
if not words[1] then
  words = { "direct", "0", "0.033", "0.05", "0.1", "hub", "0.1", "0.13", "0.15", "0.2", "0.3",
    "0.4", "0.5", "0.8", "1.3", "2" }
end

print("| policy | window | valid | messages/op: mean | most | messages/broadcast: mean | most "
  .. "| stable latency: median | most |")
print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
local policy, all_valid = nil, true
for _, word in ipairs(words) do
  if not tonumber(word) then
    policy = word
  else
    local row = measure(assert(policy, "expected a policy before " .. word), word, seeds)
    all_valid = all_valid and row.valid == seeds
    print(("| %s | %s s | %d of %d | %.2f | %.2f | %.2f | %.2f | %.0f ms | %.0f ms |"):format(
      policy, word, row.valid, seeds, row.messages, row.most_messages, row.each, row.most_each,
      row.median, row.longest))
  end
end
os.exit(all_valid and 0 or 1)
