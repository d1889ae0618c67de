--- What the screen says about each workload: one table each, under the workload's name. Another
-- workload adds its own.
--
--   good(result)           the sentence for a valid run
--   unknown                the sentence for a run with too little to judge
--   bad(result, list)      appends what is wrong: "3 values lost"
--   explain(result, page)  shows examples of it, with page:row(label, text[, color[, case]]), where
--                          case is the part of the result that the text is about
--   note(result, page)     shows what is legal but odd; may be missing
--
-- `result` is what the workload's checker returned. A workload that is a file brings its own as
-- `words`; what it leaves out is said in general terms, with the sentences that the result has as
-- `errors`.
-- @module sim.words

local extension = require "sim.extension"
local format = require "sim.format"

local words = {}

local EXAMPLES = 4 -- of what went wrong
local LISTED = 60 -- lost values that are named

words.broadcast = {
  good = function(result)
    local text = format.count(result["stable-count"], "value")
      .. " reached every reader: none lost, none twice"
    local unread = result["never-read-count"]
    return unread == 0 and text or text .. "; " .. format.whole(unread) .. " that nobody read since"
  end,
  unknown = "too little to judge: no value was both acknowledged and read",
  bad = function(result, wrong)
    if result["lost-count"] > 0 then
      wrong[#wrong + 1] = format.count(result["lost-count"], "value") .. " lost"
    end
    if result["duplicated-count"] > 0 then
      wrong[#wrong + 1] = format.count(result["duplicated-count"], "value") .. " twice in one read"
    end
  end,
  explain = function(result, page)
    for i, lost in ipairs(result["worst-lost"]) do
      if i > EXAMPLES then
        break
      end
      local known, missed, seen = lost.known, lost["last-absent"], lost["last-present"]
      page:row(i == 1 and "Lost" or "", string.format(
        "value %s: %s %s it at %s; %s; the read at %s that began at %s misses it.",
        format.short(lost.element), known.node, known.f == "read" and "showed" or "acknowledged",
        format.seconds(known.time),
        seen and seen.node .. " still showed it at " .. format.seconds(seen.time)
          or "no read ever showed it",
        missed.node, format.seconds(missed.time)), nil, lost)
    end
    if result["lost-count"] > EXAMPLES then
      local rest = {}
      for i = 1, math.min(LISTED, #result.lost) do
        rest[i] = format.short(result.lost[i])
      end
      page:row("", "All of them: " .. table.concat(rest, ", ")
        .. (#result.lost > LISTED and ", .." or "."))
    end
    for i, twice in ipairs(result["worst-duplicated"]) do
      if i > EXAMPLES then
        break
      end
      page:row(i == 1 and "Twice" or "", string.format(
        "value %s: %d times in the read at %s at %s.", format.short(twice.element), twice.count,
        twice.read.node, format.seconds(twice.read.time)), nil, twice)
    end
  end,
  note = function(result, page)
    if result["unexpected-count"] > 0 then
      page:row("Note", format.count(result["unexpected-count"], "value was", "values were")
        .. " read that nobody sent: " .. format.short(result.unexpected[1])
        .. (#result.unexpected > 1 and ", .." or "."), "yellow")
    end
  end,
}

words["unique-ids"] = {
  good = function(result)
    return format.count(result["acknowledged-count"], "id") .. ", all different"
  end,
  unknown = "too little to judge: no id was handed out",
  bad = function(result, wrong)
    wrong[#wrong + 1] = format.count(result["duplicated-count"], "id")
      .. " handed out more than once"
  end,
  explain = function(result, page)
    for i, twice in ipairs(result["worst-duplicated"]) do
      if i > EXAMPLES then
        break
      end
      local givers = {}
      for at, giver in ipairs(twice["given-by"]) do
        givers[at] = giver.node .. " at " .. format.seconds(giver.time)
      end
      page:row(i == 1 and "Twice" or "", string.format("%s: %d times, by %s%s.",
        format.short(twice.element), twice.count, table.concat(givers, ", "),
        twice.count > #givers and ", .." or ""), nil, twice)
    end
  end,
}

words.echo = {
  good = function()
    return "every echo came back as it was sent"
  end,
  unknown = "too little to judge: nothing was sent",
  bad = function(result, wrong)
    wrong[#wrong + 1] = format.count(result["error-count"], "echo", "echoes") .. " wrong"
  end,
  explain = function(result, page)
    for i, wrong in ipairs(result.errors) do
      if i > EXAMPLES then
        break
      end
      local answer = "replied " .. format.short(wrong.received)
      if wrong.outcome ~= "ok" then
        answer = wrong.error == "timeout" and "did not answer in time"
          or wrong.error and "answered with the error " .. wrong.error or "did not answer"
      end
      page:row(i == 1 and "Wrong" or "", string.format("%s got %s at %s and %s.",
        wrong.node, format.short(wrong.expected), format.seconds(wrong.time), answer), nil, wrong)
    end
    if result["unanswered-count"] > 0 then
      page:row("Note", ("An echo without an answer counts as wrong, as in Maelstrom, also while a "
        .. "node is paused or killed: %s."):format(format.whole(result["unanswered-count"])))
    end
  end,
}

words["g-set"] = words.broadcast
words["g-counter"] = require "sim.words.counter"
words["pn-counter"] = words["g-counter"]
words["lin-kv"] = require "sim.words.lin_kv"
words.kafka = require "sim.words.kafka"
words["txn-rw-register"] = require "sim.words.txn"
words["txn-list-append"] = words["txn-rw-register"]

local GENERAL = {
  good = function() return "the checker found nothing wrong" end,
  unknown = "too little to judge",
  bad = function(result, wrong)
    wrong[#wrong + 1] = result.errors and result.errors[1]
      and format.count(#result.errors, "error") or "the checker is not satisfied"
  end,
  explain = function(result, page)
    for i, said in ipairs(result.errors or {}) do
      if i > EXAMPLES then
        break
      end
      page:row(i == 1 and "Errors" or "", format.cut(tostring(said), 200))
    end
  end,
}

local function of_file(path)
  local workload = extension.is_file(path) and extension.workload(path)
  return setmetatable(workload and workload.words or {}, { __index = GENERAL })
end

setmetatable(words, { __index = function(_, name) return of_file(name) end })

return words
