--- What the screen says about nodes that are to hold the same; see sim.checkers.convergence.
-- @module sim.words.convergence

local format = require "sim.format"
local sorted = require "hearsay.sorted"

local words = {}

local EXAMPLES = 4

-- "3 at n0, n2; nothing at n1"
local function who_shows_what(shown)
  local nodes_by_text, texts = {}, {}
  local ids = sorted.keys(shown)
  table.sort(ids, function(a, b) -- n2 before n10
    return #a == #b and a < b or #a < #b
  end)
  for _, id in ipairs(ids) do
    local text = type(shown[id]) == "userdata" and "nothing" or format.short(shown[id])
    if not nodes_by_text[text] then
      nodes_by_text[text] = {}
      texts[#texts + 1] = text
    end
    table.insert(nodes_by_text[text], id)
  end
  for i, text in ipairs(texts) do
    texts[i] = text .. " at " .. table.concat(nodes_by_text[text], ", ")
  end
  return table.concat(texts, "; ")
end

--- Appends what is wrong.
function words.bad(result, wrong)
  if result["different-count"] > 0 then
    wrong[#wrong + 1] = ("nodes differ in %s of %s"):format(
      format.whole(result["different-count"]), format.count(result["shown-count"], result.noun))
  end
  if result.unanswered[1] then
    wrong[#wrong + 1] = format.count(#result.unanswered, "node") .. " did not show all"
  end
end

--- Shows examples, with page:row(label, text).
function words.explain(result, page)
  for i, entry in ipairs(result.different) do
    if i > EXAMPLES then
      break
    end
    page:row(i == 1 and "Differ" or "", ("%s %s: %s."):format(result.noun,
      format.short(entry.name), who_shows_what(entry.shown)))
  end
  for i, silent in ipairs(result.unanswered) do
    if i > EXAMPLES then
      break
    end
    page:row(i == 1 and "Silent" or "", ("%s: %s."):format(silent.node, silent.error))
  end
end

--- The sentence for nodes that agree.
function words.good(result)
  return ("%s the same: %s"):format(
    format.count(result["node-count"], "node shows", "nodes show"),
    format.count(result["shown-count"], result.noun))
end

return words
