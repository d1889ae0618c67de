-- Runs challenges in the bench, in virtual time, for the specs.
--
--     local bench = dofile("tests/sim/bench.lua")
--     local run = bench.valid("challenges/broadcast_3d.lua", "--node-count 25 --rate 100")
--     assert(run.results.net.servers["msgs-per-op"] < 2)

local options = require "sim.options"
local trial = require "sim.trial"

local bench = {}

-- Runs a script, with arguments if it has any, with the options in a text. What trial.run returns,
-- and `command`, which repeats it.
function bench.run(script, text, on_start)
  local words = { "--bin", "./node " .. script }
  for word in (text or ""):gmatch("%S+") do
    words[#words + 1] = word
  end
  local opts = assert(trial.options(words, "test"))
  local run = assert(trial.run(opts, on_start))
  run.command = options.command(opts)
  return run
end

-- The same, for a run that must be valid.
function bench.valid(...)
  local run = bench.run(...)
  local problem = run.problems[1]
  assert(not problem, problem and ("%s: %s: %s"):format(run.command, problem.node, problem.text))
  local verdict = run.results["valid?"]
  assert(verdict == true, ("%s: valid? %s"):format(run.command, tostring(verdict)))
  return run
end

-- Checks that all a run promised was kept: what clients saw, and with --converge what nodes have.
-- That faults such as kills left no operation of some kind to succeed is not the nodes' fault.
function bench.kept(run)
  local results = run.results
  assert(not run.problems[1], run.command)
  assert(results.workload["valid?"] ~= false, run.command)
  assert(not results.converged or results.converged["valid?"], run.command)
end

-- Runs a challenge with another line in place of the one that matches a pattern.
function bench.edited(script, pattern, line, ...)
  local file = assert(io.open(script))
  local text, count = file:read("a"):gsub("[^\n]*" .. pattern .. "[^\n]*", line)
  file:close()
  assert(count == 1, ("%s: %d lines match %s"):format(script, count, pattern))
  local temporary = os.tmpname()
  local path = temporary .. ".lua"
  file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local ok, run = pcall(bench.valid, path, ...)
  os.remove(path)
  os.remove(temporary)
  assert(ok, run)
  return run
end

-- How many operations of a kind there were.
function bench.count(run, f)
  local count = 0
  for _, op in ipairs(run.history) do
    count = count + (op.f == f and 1 or 0)
  end
  return count
end

-- Server messages by operation, and the stable latencies in milliseconds: median and most.
function bench.figures(run)
  local latencies = run.results.workload["stable-latencies"]
  return run.results.net.servers["msgs-per-op"], latencies["0.5"], latencies["1"]
end

-- The values of a list as keys.
function bench.set(list)
  local set = {}
  for _, value in ipairs(list) do
    set[value] = true
  end
  return set
end

-- Checks that the final reads of all workers show the same values.
function bench.same_in_the_end(run)
  local all, reads = {}, {}
  for _, op in ipairs(run.history) do
    if op.final then
      assert(op.outcome == "ok", run.command .. ": a final read failed")
      reads[#reads + 1] = op
      for _, value in ipairs(op.result) do
        all[value] = op.node
      end
    end
  end
  assert(#reads > 0, run.command .. ": nothing was read in the end")
  for _, op in ipairs(reads) do
    local has = bench.set(op.result)
    for value, node in pairs(all) do
      assert(has[value], ("%s: in the end %s has %s and %s does not"):format(run.command, node,
        value, op.node))
    end
  end
end

-- Checks that a figure is at most what it may be; `run` tells the command.
function bench.at_most(most, figure, what, run)
  assert(figure <= most, ("%s: %s is %g, not at most %g"):format(run.command, what, figure, most))
end

return bench
