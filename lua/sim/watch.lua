--- `./sim watch`: runs a script again at every save, and tells what changed in the figures.
--
-- Each run has a Lua state of its own, so that nothing of an older version is left. Which files to
-- look at is known from the run: those that the script has required. When one does not load, it is
-- in the error's text, and those of the run before are looked at, too.
-- @module sim.watch

local changes = require "sim.changes"
local files = require "hearsay.watch"
local json = require "hearsay.json"
local sweep = require "hearsay.sweep"
local terminal = require "sim.terminal"
local trial = require "sim.trial"

local LOOK = 0.1 -- seconds between two looks at the files
local MISSING = 10 -- looks for which a file may be gone, while an editor replaces it
local NAMED = 3 -- files that were saved together
local DIM, RED = "2", "1;31"

local watch = {}

-- Runs once; nil when an interrupt came first.
local function run_once(args)
  local outcome
  sweep.run({
    module = "sim.watch_worker", argument = json.encode(json.array(args)),
    first = 0, count = 1, threads = 1,
  }, function(_, text)
    outcome = json.decode(text)
  end)
  return outcome and not outcome.interrupted and outcome or nil
end

-- The Lua files that an error names.
local function files_in(text)
  local found = {}
  for path in text:gmatch("[^%s:']+%.lua") do
    found[#found + 1] = path
  end
  return found
end

local function stamps_of(paths)
  local stamps = {}
  for path in pairs(paths) do
    stamps[path] = files.stamp(path)
  end
  return stamps
end

-- The paths in which two sets of stamps differ, in byte order.
local function differing(before, now)
  local paths = {}
  for path, stamp in pairs(now) do
    if before[path] ~= stamp then
      paths[#paths + 1] = path
    end
  end
  table.sort(paths)
  return paths
end

-- Waits until files were saved, and for a look more until all are there and nothing goes on.
-- Returns the paths; or nil when an interrupt came.
local function await_save(stamps)
  local last, patience = stamps, MISSING
  while files.wait(LOOK) do
    local now = stamps_of(stamps)
    local is_quiet, is_missing = #differing(last, now) == 0, false
    for path, stamp in pairs(now) do
      is_missing = is_missing or stamp == 0 and stamps[path] ~= 0
    end
    local changed = differing(stamps, now)
    if #changed > 0 and is_quiet and (not is_missing or patience <= 0) then
      return changed
    end
    patience = is_missing and patience - 1 or MISSING
    last = now
  end
end

local function count(n, noun)
  return ("%d %s%s"):format(n, noun, n == 1 and "" or "s")
end

local function size(set)
  local n = 0
  for _ in pairs(set) do
    n = n + 1
  end
  return n
end

-- Adds files to those that are looked at; those that are known keep their stamps.
local function add(stamps, paths)
  for _, path in ipairs(paths) do
    stamps[path] = stamps[path] or files.stamp(path)
  end
end

-- The first paths of a list.
local function name(paths)
  local shown = table.concat(paths, ", ", 1, math.min(NAMED, #paths))
  return #paths > NAMED and ("%s and %d more"):format(shown, #paths - NAMED) or shown
end

local function line(style, color, text)
  io.stdout:write(style.color and ("\27[%sm %s\27[0m\n"):format(color, text)
    or " " .. text .. "\n")
end

-- Prints what a run found, beside the last one that could be run.
local function tell(outcome, good, title, style)
  if outcome.problem then
    line(style, DIM, title)
    line(style, RED, (style.ascii and "X " or "✘ ") .. outcome.problem)
    return
  end
  line(style, DIM, ("%s, in %.1f s"):format(title, outcome.seconds))
  io.stdout:write(outcome.log or "", changes.render(good, outcome, style))
  if outcome.verdict:find("^INVALID") then
    line(style, DIM, "more of it: " .. outcome.command)
  end
end

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status: 0 when an interrupt ended it
function watch.main(args)
  local opts, status = trial.begin(args, "watch")
  if not opts then
    return status
  end
  local style, script = terminal.style(opts), opts.command[1]
  local is_live = terminal.is_live(1)
  local stamps, saved, good = { [script] = 0 }, { script }, nil
  while saved do
    stamps = stamps_of(stamps)
    io.stdout:write(is_live and " running .." or ""):flush()
    local outcome = run_once(args)
    io.stdout:write(is_live and "\r\27[K" or "")
    if not outcome then
      break
    end
    tell(outcome, good, ("%s  %s%s"):format(os.date("%H:%M:%S"), name(saved),
      good and " saved" or ""), style)
    add(stamps, outcome.files or files_in(outcome.problem))
    good = outcome.files and outcome or good
    line(style, DIM, ("watching %s; ^C ends"):format(count(size(stamps), "file")))
    io.stdout:write("\n"):flush()
    saved = await_save(stamps)
  end
  io.stdout:write(is_live and "\r\27[K" or "") -- ^C is shown by the terminal
  return 0
end

return watch
