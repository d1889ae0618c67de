--- Whether every echo came back as it was sent.
--
-- As in Maelstrom, an echo that got an error or no answer is wrong too: clients are never cut off
-- from their node, so a node that echoes answers them all. That holds under kill and pause as well,
-- which no node can do anything about; so those without an answer are counted apart.
-- @module sim.checkers.echo

local value = require "sim.checkers.value"

local echo = {}

local LISTED = 48 -- wrong echoes that are listed

--- Whether no answer came to an operation, neither a reply nor an error.
function echo.is_unanswered(op)
  return op.outcome ~= "ok" and (not op.error or op.error.name == "timeout")
end

--- Judges a history.
-- @tparam {operation,...} history "echo", whose value is what was sent, and whose result, when it
--   is ok, the `echo` of the reply
-- @treturn table the result: `errors`, up to 48 of them with what was expected and received (null
--   where there was no such reply, then `outcome` says what there was), error-count, and
--   unanswered-count: how many of those got no answer. Unknown when nothing was sent
function echo.check(history)
  local sent, wrong, unanswered, errors = 0, 0, 0, value.array({})
  for _, op in ipairs(history) do
    if op.f == "echo" then
      sent = sent + 1
      if op.outcome ~= "ok" or not value.equal(op.value, op.result) then
        wrong = wrong + 1
        unanswered = unanswered + (echo.is_unanswered(op) and 1 or 0)
        if wrong <= LISTED then
          errors[wrong] = {
            expected = op.value,
            received = op.outcome == "ok" and op.result or nil,
            outcome = op.outcome or "info",
            error = op.error and op.error.name,
            node = op.node,
            process = op.process,
            time = op.invoke_us * 1000,
          }
        end
      end
    end
  end
  local valid = wrong == 0
  if sent == 0 then
    valid = "unknown"
  end
  return { ["valid?"] = valid, ["error-count"] = wrong, ["unanswered-count"] = unanswered,
    errors = errors }
end

return echo
