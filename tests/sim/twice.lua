--- Runs a selection of nodes with the same seeds in ways that must make no difference, and compares
-- all that comes of it, to the last byte: make twice.
--
--     ./node --lua tests/sim/twice.lua SIM [SIM ..]
--
-- The ways: the same again, in a process of its own; without random addresses, in another
-- environment (which moves the stack); each further SIM, which another compiler has built; and
-- explore with one thread and with three.

local json = require "hearsay.json"

local SEEDS = { 1, 2 }
local RUNS = {
  "challenges/echo_1.lua --nemesis duplicate,spike",
  "challenges/unique_ids_2.lua --nemesis partition,skew",
  "challenges/broadcast_3b.lua --nemesis reorder --node-count 9",
  "challenges/broadcast_3d.lua --nemesis partition,loss,pause --node-count 25 --latency 100",
  "challenges/broadcast_3e.lua --nemesis partition,kill --node-count 7 --latency 50",
  "challenges/variants/broadcast_plumtree.lua --nemesis loss,one-way --node-count 9",
  "challenges/g_counter_4.lua -w g-counter --nemesis partition,duplicate",
  "challenges/kafka_5b.lua --nemesis loss,pause --node-count 3",
  "'challenges/kafka_5c.lua durable=true' --nemesis kill,partition --node-count 3",
  "tests/sim/addresses.lua -w echo --nemesis kill,loss --node-count 3",
  "challenges/txn_6c.lua -w txn-rw-register --nemesis partition,reorder --node-count 3",
}
local EXPLORED = "challenges/broadcast_3c.lua --seeds 24 --time-limit 3 --collect"

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return text
end

local folder = os.tmpname()
os.remove(folder)

-- The results of a run, in one canonical text.
local function results(sim, run, seed, around)
  local text = output(("%s %s test --bin %s --seed %d --time-limit 4 --rate 30 --json --store %s")
    :format(around or "", sim, run, seed, folder))
  local value, message = json.decode(text)
  if type(value) ~= "table" or not value.fingerprint then
    return nil, ("%s: no fingerprint: %s"):format(run, message or text)
  end
  return json.encode(value, true), value.fingerprint
end

local sims = { table.unpack(arg) }
local passed, failed = 0, 0

local function check(name, good, why)
  passed, failed = passed + (good and 1 or 0), failed + (good and 0 or 1)
  print(("%-4s twice %s%s"):format(good and "ok" or "FAIL", name, good and "" or ": " .. why))
end

local ways = { { "again", sims[1] }, { "without random addresses", sims[1],
  "LONGER=" .. ("x"):rep(3000) .. " setarch -R" } }
for i = 2, #sims do
  ways[#ways + 1] = { "by another compiler", sims[i] }
end
local fingerprints = {}
for _, run in ipairs(RUNS) do
  local why
  for _, seed in ipairs(SEEDS) do
    local first, fingerprint = results(sims[1], run, seed)
    if not first then
      why = fingerprint
    else
      why = why or fingerprints[fingerprint] and "another run has its fingerprint"
      fingerprints[fingerprint] = true
    end
    for _, way in ipairs(ways) do
      if not why and results(way[2], run, seed, way[3]) ~= first then
        why = ("seed %d %s gives something else"):format(seed, way[1])
      end
    end
  end
  check(run, not why, why)
end

local function explored(threads)
  return output(("%s explore --bin %s --threads %d --json"):format(sims[1], EXPLORED, threads))
end

local one = explored(1)
check("explore with one thread and with three", #one > 100 and explored(3) == one, one)
os.execute("rm -rf " .. folder)
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
