--- Checkers judge a history: the list of a run's operations, in the order of their invocation.
--
-- An operation is a table
--
--   process, worker            who did it; a worker goes on as a new process after an info
--   node, f, value             where, what ("broadcast", "read", ..) and with what
--   final                      true in the final phase
--   invoke_us, invoke_index    when it began: microseconds, and its place among all events
--   complete_us, complete_index  when it ended; nil when it did not
--   outcome                    "ok"; "fail", it surely did not happen; "info", nobody knows; nil
--   result                     what an ok reply carried
--   error                      {code, name, text}
--   planned                    true when the workload made it fail on purpose
--
-- A checker is a module with `check(history, options)`. It returns a result, a table with
-- `["valid?"]` true, false or "unknown" and whatever else belongs into results.json, and may return
-- a table of details that do not.
-- @module sim.checkers

local sorted = require "hearsay.sorted"

local checkers = {}

local weights = { [true] = 0, unknown = 1, [false] = 2 }

--- The verdict over several: false if one is false, else "unknown" if one is, else true.
-- @tparam {boolean|string,...} verdicts
-- @treturn boolean|string
function checkers.merge_valid(verdicts)
  local worst = true
  for _, verdict in ipairs(verdicts) do
    local weight = weights[verdict]
    if not weight then
      error("checkers.merge_valid: not a verdict: " .. tostring(verdict), 2)
    elseif weight > weights[worst] then
      worst = verdict
    end
  end
  return worst
end

local function describe_failure(err)
  return { ["valid?"] = "unknown", error = debug.traceback(tostring(err), 2) }
end

--- Runs several checkers over one history. One that raises does not hide what the others found:
-- its result is unknown, with the traceback as `error`.
-- @tparam table by_name name to a function (history, options) that returns a result and details
-- @tparam {operation,...} history
-- @tparam[opt] table options handed to each
-- @treturn table name to result, and `["valid?"]` over all
-- @treturn table name to details
function checkers.compose(by_name, history, options)
  local results, details, verdicts = {}, {}, {}
  for i, name in ipairs(sorted.keys(by_name)) do
    local _, result, detail = xpcall(by_name[name], describe_failure, history, options)
    results[name] = result
    details[name] = detail or {}
    verdicts[i] = result["valid?"]
  end
  results["valid?"] = checkers.merge_valid(verdicts)
  return results, details
end

return checkers
