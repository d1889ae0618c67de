--- `./sim explore`: runs a test with thousands of seeds, on all processors, each with a random mix
-- of faults and options, and stops at the first that fails.
-- @module sim.explore

local json = require "hearsay.json"
local sweep = require "hearsay.sweep"
local terminal = require "sim.terminal"
local trial = require "sim.trial"

local UNKNOWN, COULD_NOT_RUN = 2, 255

local INTRODUCTION = [[
Usage: ./sim explore --bin "./node SCRIPT" [OPTIONS]

Runs a test with many seeds, on all processors. For each seed a mix of faults,
nodes, latency, topology and load is drawn; what is given here is not. Kills
happen only when --nemesis names them, since they take a node's memory.

  ./sim explore --bin challenges/broadcast_3d.lua
  ./sim explore --bin challenges/broadcast_3c.lua --seeds 10000 --node-count 5
]]

local explore = {}

-- Adds up the fingerprints: the same seeds give the same number on any number of threads.
local function fold(sum, fingerprint)
  return (sum * 31 + tonumber(fingerprint, 16)) & math.maxinteger
end

local function progress(done, opts, counts)
  local width = 30
  local filled = done * width // opts.seeds
  return ("\r[%s%s] %d of %d seeds, %d valid, %d invalid, %d unknown "):format(("#"):rep(filled),
    ("."):rep(width - filled), done, opts.seeds, counts[true], counts[false], counts.unknown)
end

local function report(seed, outcome)
  io.stdout:write(("seed %d: %s\n  %s\n"):format(seed, outcome.verdict, outcome.command))
end

local function totals(done, counts, sums)
  io.stdout:write(("%d seeds: %d valid, %d invalid, %d unknown; %d operations, %d messages; "
    .. "fingerprint %016x\n"):format(done, counts[true], counts[false], counts.unknown,
    sums.operations, sums.messages, sums.fingerprint))
end

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status: 1 when a run was invalid, 2 when it was interrupted before, 255
-- when one could not be run, else 0
function explore.main(args)
  local opts, status = trial.begin(args, "explore", INTRODUCTION, true)
  if not opts then
    return status
  end
  local is_live = terminal.is_terminal(2)
  local counts = { [true] = 0, [false] = 0, unknown = 0 }
  local sums, done = { operations = 0, messages = 0, fingerprint = 0 }, 0
  local problem
  sweep.run({
    module = "sim.explore_worker",
    argument = json.encode({ args = json.array(args), given = opts.given }),
    first = opts.seed, count = opts.seeds, threads = opts.threads or sweep.processors(),
  }, function(seed, text)
    local outcome = json.decode(text)
    if outcome.problem then
      problem = outcome.problem
      return true
    end
    done = done + 1
    counts[outcome.valid] = counts[outcome.valid] + 1
    sums.operations = sums.operations + outcome.operations
    sums.messages = sums.messages + outcome.messages
    sums.fingerprint = fold(sums.fingerprint, outcome.fingerprint)
    if is_live then
      io.stderr:write(progress(done, opts, counts))
    end
    if outcome.valid == false then
      io.stderr:write(is_live and "\r\27[K" or "")
      report(seed, outcome)
      return not opts.collect
    end
  end)
  io.stderr:write(is_live and "\r\27[K" or "")
  if problem then
    io.stderr:write("sim: ", problem, "\n")
    return COULD_NOT_RUN
  end
  totals(done, counts, sums)
  if counts[false] > 0 then
    io.stdout:write("To see the least that still fails: the command above with shrink for test.\n")
  end
  if counts[false] == 0 and done < opts.seeds then
    io.stdout:write("Interrupted.\n")
    return UNKNOWN
  end
  return counts[false] == 0 and 0 or 1
end

return explore
