--- What a run found, as results.json has it: Maelstrom's structure and key names.
-- @module sim.results

local checkers = require "sim.checkers"
local convergence = require "sim.checkers.convergence"
local sorted = require "hearsay.sorted"
local stats = require "sim.stats"
local value = require "sim.checkers.value"

local results = {}

--- Marks a table as an array, so that it is `[]` when it is empty.
-- @function results.array
results.array = value.array

-- The runner's counts with messages per operation.
local function describe_net(net, operations)
  local described = { ["valid?"] = true }
  for _, kind in ipairs({ "all", "clients", "servers" }) do
    local counts = {}
    for key, count in pairs(net[kind]) do
      counts[key] = count
    end
    if operations > 0 then
      counts["msgs-per-op"] = counts["msg-count"] / operations
    end
    described[kind] = counts
  end
  return described
end

--- Judges a run and puts everything together.
-- @tparam table run
--
--   - history: its operations, see sim.checkers
--   - opts: its options, see sim.options; handed to the checkers
--   - checker: the workload's, a function (history, opts) that returns a result and details
--   - net: `all`, `clients`, `servers`, each with send-count, recv-count, msg-count; servers may
--     have longest-line, `{bytes, src, dest}`
--   - problems: what nodes did that no run may have (a line that is not JSON, a crash), a list of
--     `{node = .., time_us = .., text = ..}`; one makes the run invalid
--   - interrupted: whether the run was ended before its time; then it is unknown, since what
--     seems wrong might have come right
--   - contents: what each node had in the end, when that was asked for, see sim.convergence; then
--     the results have the verdict on it as `converged`. And noun, what the names in it are
--   - start_us: when the load began, by the clock of the message journal
--   - seed; fingerprint, nil where it means nothing
-- @treturn table the results
-- @treturn table details that are not part of them: `workload`, the details of its checker
function results.build(run)
  local built, details = checkers.compose({
    availability = require("sim.checkers.availability").check,
    stats = require("sim.checkers.stats").check,
    workload = run.checker,
    converged = run.contents and function()
      return convergence.check(run.contents, run.noun)
    end or nil,
  }, run.history, run.opts)
  local problems = value.array({})
  for i, problem in ipairs(run.problems or {}) do
    problems[i] = { node = problem.node, time = problem.time_us * 1000, text = problem.text }
  end
  built.net = describe_net(run.net, #run.history)
  built.perf = { ["valid?"] = true, latencies = stats.latencies(run.history) }
  built.exceptions = { ["valid?"] = #problems == 0, exceptions = problems }
  built.seed = run.seed
  built["start-us"] = run.start_us
  if not run.interrupted then -- then it is that of a moment which nobody chose
    built.fingerprint = run.fingerprint
  end
  built.interrupted = run.interrupted or nil
  built["valid?"] = run.interrupted and "unknown"
    or checkers.merge_valid({ built["valid?"], built.exceptions["valid?"] })
  return built, details
end

--- The status that `./sim test` exits with: 0 valid, 1 invalid, 2 unknown.
-- @tparam table built what results.build returned
-- @treturn integer
function results.exit_status(built)
  local statuses = { [true] = 0, [false] = 1, unknown = 2 }
  return statuses[built["valid?"]]
end

local WIDTH = 96 -- columns a line of an array of scalars may take

local write

-- Scalars side by side, as many as fit in a line; anything else a line each.
local function write_array(out, list, indent)
  local inner = indent .. "  "
  local column, length, scalars = WIDTH, #indent, true
  local texts = {}
  for i, element in ipairs(list) do
    if type(element) == "table" then
      scalars = false
    else
      texts[i] = value.text(element)
      length = length + #texts[i] + 2
    end
  end
  if scalars and length <= WIDTH // 2 then
    out[#out + 1] = "[" .. table.concat(texts, ", ") .. "]"
    return
  end
  out[#out + 1] = "["
  for i, element in ipairs(list) do
    local text = texts[i]
    if text and column + #text + 2 <= WIDTH then
      out[#out + 1] = " "
      column = column + 1
    else
      out[#out + 1] = "\n" .. inner
      column = #inner
    end
    if text then
      out[#out + 1] = text
      column = column + #text + 1
    else
      write(out, element, inner)
      column = WIDTH
    end
    out[#out + 1] = i < #list and "," or ""
  end
  out[#out + 1] = "\n" .. indent .. "]"
end

function write(out, v, indent)
  if type(v) ~= "table" then
    out[#out + 1] = value.text(v)
  elseif value.is_array(v) then
    write_array(out, v, indent)
  elseif next(v) == nil then
    out[#out + 1] = "{}"
  else
    local keys = sorted.keys(v)
    out[#out + 1] = "{"
    for i, key in ipairs(keys) do
      out[#out + 1] = string.format("\n%s  %s: ", indent, value.text(key))
      write(out, v[key], indent .. "  ")
      out[#out + 1] = i < #keys and "," or ""
    end
    out[#out + 1] = "\n" .. indent .. "}"
  end
end

--- The JSON text of results: indented, keys sorted, the same in every run.
-- @tparam table built what results.build returned
-- @treturn string ends with a line feed
function results.encode(built)
  local out = {}
  write(out, built, "")
  out[#out + 1] = "\n"
  return table.concat(out)
end

return results
