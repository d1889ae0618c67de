--- Whether all ids that were handed out differ.
-- @module sim.checkers.unique_ids

local value = require "sim.checkers.value"

local unique_ids = {}

local LISTED = 48 -- duplicated ids that are listed, as in Jepsen
local DETAILED = 8 -- and described one by one

--- Judges a history.
-- @tparam {operation,...} history "generate", whose result, when it is ok, is the id, any JSON
--   value
-- @treturn table the result, with Jepsen's keys: `duplicated` maps the text of an id to how often
--   it was handed out; and worst-duplicated, up to eight in detail with who handed them out.
--   Unknown when no id was handed out
function unique_ids.check(history)
  local attempted, acknowledged = 0, 0
  local by_text, duplicates = {}, {}
  local least, greatest
  for _, op in ipairs(history) do
    if op.f == "generate" then
      attempted = attempted + 1
      if op.outcome == "ok" then
        local id = op.result
        local text = value.text(id)
        local entry = by_text[text]
        if not entry then
          entry = { element = id, text = text, ops = {} }
          by_text[text] = entry
        end
        entry.ops[#entry.ops + 1] = op
        if #entry.ops == 2 then
          duplicates[#duplicates + 1] = entry
        end
        if acknowledged == 0 or value.before(id, least) then
          least = id
        end
        if acknowledged == 0 or value.before(greatest, id) then
          greatest = id
        end
        acknowledged = acknowledged + 1
      end
    end
  end

  table.sort(duplicates, function(a, b)
    if #a.ops ~= #b.ops then
      return #a.ops > #b.ops
    end
    return value.before(a.element, b.element)
  end)
  local duplicated, worst = {}, value.array({})
  for i = 1, math.min(LISTED, #duplicates) do
    local entry = duplicates[i]
    duplicated[entry.text] = #entry.ops
    if i <= DETAILED then
      local given = value.array({})
      for at = 1, math.min(DETAILED, #entry.ops) do
        local op = entry.ops[at]
        given[at] = { process = op.process, node = op.node, time = op.complete_us * 1000 }
      end
      worst[i] = { element = entry.element, count = #entry.ops, ["given-by"] = given }
    end
  end

  local valid = #duplicates == 0
  if acknowledged == 0 then
    valid = "unknown"
  end
  return {
    ["valid?"] = valid,
    ["attempted-count"] = attempted,
    ["acknowledged-count"] = acknowledged,
    ["duplicated-count"] = #duplicates,
    duplicated = duplicated,
    ["worst-duplicated"] = worst,
    range = acknowledged > 0 and value.array({ least, greatest }) or nil,
  }
end

return unique_ids
