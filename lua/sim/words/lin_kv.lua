--- What the screen says about workload lin-kv; see sim.words.
-- @module sim.words.lin_kv

local format = require "sim.format"

local EXAMPLES = 3 -- keys that are explained
local OPEN = 8 -- operations under way that are named

-- "n1's write of 4 (1.100 to 1.110 s)"
local function operation(op)
  local what = ("%s of %s"):format(op.f, format.short(op.value))
  if op.f == "cas" then
    what = ("cas from %s to %s"):format(format.short(op.from), format.short(op.value))
  end
  local from = ("%.3f"):format(op["invoke-time"] / 1e9)
  local to = op["complete-time"] and "to " .. format.seconds(op["complete-time"])
    or "s on, of unknown outcome"
  return ("%s's %s (%s %s)"):format(op.node, what, from, to)
end

local function list_keys(keys)
  local texts = {}
  for i, key in ipairs(keys) do
    texts[i] = format.short(key)
  end
  return table.concat(texts, ", ")
end

-- What the key may have been: "4, since n1's write of 4 (..), or 3, since .."
local function possible(failure)
  local parts = {}
  for i, state in ipairs(failure.possible) do
    local giver = state["given-by"]
    local text = state.value == "null" and "nothing yet" or format.cut(state.value, 40)
    parts[i] = giver and ("%s, since %s"):format(text, operation(giver)) or text
  end
  return table.concat(parts, ", or ")
end

local function explain_key(failure, page)
  local op, expected = failure.op, format.cut(failure.expected, 40)
  page:row("Key " .. format.short(failure.key), ("No order of its operations explains %s. When "
    .. "that ended, the key can only have been %s."):format(operation(op), possible(failure)),
    nil, failure)
  if failure["overwritten-by"] then
    page:row("", ("Last to make it %s was %s, and after that came %s."):format(expected,
      operation(failure["given-by"]), operation(failure["overwritten-by"])), nil,
      failure)
  elseif not failure["ever-given?"] then
    page:row("", ("Nobody ever made it %s."):format(expected), nil, failure)
  end
  local open = {}
  for i = 1, math.min(OPEN, #failure.open) do
    open[i] = operation(failure.open[i])
  end
  if open[1] then
    page:row("", ("Under way then, or of unknown outcome: %s%s."):format(table.concat(open, "; "),
      #failure.open > OPEN and "; .." or ""), nil, failure)
  end
end

return {
  good = function(result)
    local count = 0
    for _, of_key in pairs(result.results) do
      count = count + of_key["op-count"]
    end
    return ("%s on %s, each key as if there were one copy of it"):format(
      format.count(count, "operation"), format.count(result["key-count"], "key"))
  end,
  unknown = "not decided: nothing was read, or there were too many orders to try",
  bad = function(result, wrong)
    wrong[#wrong + 1] = format.count(#result.failures, "key is", "keys are") .. " not linearizable"
  end,
  explain = function(result, page)
    for i, failure in ipairs(result["worst-failures"]) do
      if i > EXAMPLES then
        page:row("", "Not linearizable either: " .. list_keys(
          table.move(result.failures, i, #result.failures, 1, {})) .. ".")
        break
      end
      explain_key(failure, page)
    end
  end,
  note = function(result, page)
    if result["given-up"][1] then
      page:row("Note", ("given up after %s configurations: key %s."):format(
        format.whole(result["search-budget"]), list_keys(result["given-up"])), "yellow")
    end
  end,
}
