--- `./sim explore`: runs a test with thousands of seeds, on all processors, each with a random mix
-- of faults and options, and stops at the first that fails.
-- @module sim.explore

local json = require "hearsay.json"
local progress = require "sim.progress"
local results = require "sim.results"
local sweep = require "hearsay.sweep"
local trial = require "sim.trial"

local UNKNOWN, COULD_NOT_RUN = 2, 255

local explore = {}

-- Adds up the fingerprints: the same seeds give the same number on any number of threads.
local function fold(sum, fingerprint)
  return (sum * 31 + tonumber(fingerprint, 16)) & math.maxinteger
end

local function new_totals()
  return { valid = 0, invalid = 0, unknown = 0, operations = 0, messages = 0, fingerprint = 0,
    failures = results.array({}) }
end

local KINDS = { [true] = "valid", [false] = "invalid", unknown = "unknown" }

-- Adds a seed to the totals.
local function add(totals, seed, outcome)
  local kind = KINDS[outcome.valid]
  totals[kind] = totals[kind] + 1
  totals.operations = totals.operations + outcome.operations
  totals.messages = totals.messages + outcome.messages
  totals.fingerprint = fold(totals.fingerprint, outcome.fingerprint)
  if outcome.valid == false then
    table.insert(totals.failures,
      { seed = seed, verdict = outcome.verdict, command = outcome.command })
  end
end

local function count_of(totals)
  return totals.valid + totals.invalid + totals.unknown
end

local function tell_failure(failure)
  io.stdout:write(("seed %d: %s\n  %s\n"):format(failure.seed, failure.verdict, failure.command))
end

local function tell(totals)
  io.stdout:write(("%d seeds: %d valid, %d invalid, %d unknown; %d operations, %d messages; "
    .. "fingerprint %016x\n"):format(count_of(totals), totals.valid, totals.invalid, totals.unknown,
    totals.operations, totals.messages, totals.fingerprint))
  if totals.invalid > 0 then
    io.stdout:write("To see the least that still fails: the command above with shrink for test.\n")
  elseif totals.interrupted then
    io.stdout:write("Interrupted.\n")
  end
end

local function encode(totals)
  return results.encode({
    seeds = count_of(totals), ["valid-count"] = totals.valid, ["invalid-count"] = totals.invalid,
    ["unknown-count"] = totals.unknown, operations = totals.operations, messages = totals.messages,
    fingerprint = ("%016x"):format(totals.fingerprint), interrupted = totals.interrupted,
    failures = totals.failures,
  })
end

-- Runs all seeds, or as many as it takes. Returns the totals; or nil and why it could not run.
local function explore_all(args, opts)
  local totals, problem = new_totals(), nil
  local shown = progress.new("seeds", opts.seeds)
  shown:step(0)
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
    add(totals, seed, outcome)
    shown:step(count_of(totals), ("%d invalid, %d unknown"):format(totals.invalid, totals.unknown))
    if outcome.valid == false then
      shown:clear()
      if not opts.json then
        tell_failure(totals.failures[#totals.failures])
      end
      return not opts.collect
    end
  end)
  shown:clear()
  totals.interrupted = totals.invalid == 0 and count_of(totals) < opts.seeds or nil
  return not problem and totals, problem
end

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status: 1 when a run was invalid, 2 when it was interrupted before, 255
-- when one could not be run, else 0
function explore.main(args)
  local opts, status = trial.begin(args, "explore")
  if not opts then
    return status
  end
  local totals, problem = explore_all(args, opts)
  if not totals then
    io.stderr:write("sim: ", problem, "\n")
    return COULD_NOT_RUN
  end
  if opts.json then
    io.stdout:write(encode(totals))
  else
    tell(totals)
  end
  return totals.invalid > 0 and 1 or totals.interrupted and UNKNOWN or 0
end

return explore
