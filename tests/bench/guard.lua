-- The guard: how many instructions a message costs may not grow unseen. make bench-guard.
--
--   ./node --lua tests/bench/guard.lua BUILD-FOLDER COMPILER [update]
--
-- Instructions are counted by callgrind, with a fixed seed, as the difference between a long input
-- and a short one: the same each time on one system, however busy it is. A run of the bench (3e) is
-- counted in the same way, by the second of its time. They depend on compiler,
-- processor family, C library and Lua library, so the figures in instructions.json stand under a
-- key of all of these. A figure may be TOLERANCE above the committed one; more is a failure. Less
-- than that below is said, so that the gain is committed. Where there are no figures for a key,
-- what was counted is printed and nothing fails; `update` (make bench-guard UPDATE=1) writes it.

package.path = arg[0]:gsub("[^/]*$", "?.lua;") .. package.path

local inputs = require "inputs"
local items = require "items"
local json = require "hearsay.json"

local TOLERANCE = 0.03
local SHORT, LONG = 1000, 6000 -- messages
local FILE = arg[0]:gsub("[^/]*$", "instructions.json")

local build, compiler, update = arg[1], arg[2], arg[3] == "update"
local folder = build .. "/bench"

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return text
end

local function key()
  return table.concat({
    output("uname -m"):match("%S+"),
    output(compiler .. " --version"):match("[^\n]+"),
    "libc " .. (output("getconf GNU_LIBC_VERSION"):match("[%d.]+") or "?"),
    output("./node --version"):match("%((.-)%)"),
  }, ", ")
end

local function instructions(command)
  local text = output("valgrind --tool=callgrind --callgrind-out-file=/dev/null " .. command
    .. " 2>&1 >/dev/null")
  return tonumber(text:match("Collected : (%d+)")) or error("valgrind did not count: " .. text, 0)
end

local function per_message(item)
  local short = inputs.write(folder, item.input, SHORT, item.body)
  local long = inputs.write(folder, item.input, LONG, item.body)
  local node = "./node --seed 1 " .. item.script .. " <"
  return (instructions(node .. long) - instructions(node .. short)) / (LONG - SHORT)
end

local function per_second()
  local run = "./sim test -w broadcast --bin challenges/broadcast_3e.lua --node-count 25 "
    .. "--rate 100 --latency 100 --no-report --store " .. folder .. "/store --time-limit "
  return (instructions(run .. "20") - instructions(run .. "10")) / 10
end

local function read_figures()
  local file = assert(io.open(FILE))
  local text = file:read("a")
  file:close()
  return assert(json.decode(text))
end

local function write_figures(figures)
  local file = assert(io.open(FILE, "w"))
  file:write((json.encode(figures, true):gsub("[{}]", "%0\n"):gsub(",\"", ",\n\"")), "\n")
  file:close()
end

-- Prints one line; returns whether it is good.
local function judge(name, unit, counted, committed)
  local change = committed and counted / committed - 1
  local good = not change or change <= TOLERANCE
  print(("%-4s %-30s %8.0f instructions a %s%s"):format(good and "ok" or "FAIL", name, counted,
    unit, change and (", %+.1f %% of %d"):format(change * 100, committed) or ""))
  if change and change < -TOLERANCE then
    print("     that is less: commit it by make bench-guard UPDATE=1")
  end
  return good
end

assert(os.execute("mkdir -p " .. folder))
local figures, here = read_figures(), key()
local mine = figures[here]
print(here .. (mine and "" or ": no committed figures, so nothing can fail"))
local passed, failed, counted = 0, 0, {}

local function take(name, unit, count)
  counted[name] = math.floor(count + 0.5)
  if judge(name, unit, counted[name], mine and mine[name]) then
    passed = passed + (mine and 1 or 0)
  else
    failed = failed + 1
  end
end

for _, item in ipairs(items) do
  if item.guarded then
    take(item.name, "message", per_message(item))
  end
end
take("a run of 3e", "second", per_second())
if update then
  figures[here] = counted
  write_figures(figures)
end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 or update)
