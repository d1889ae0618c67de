--- Columns of numbers as the report's page takes them: short as text, and counted from 0.
-- @module sim.report.columns

local json = require "hearsay.json"

local columns = {}

--- Numbers texts in the order in which they come, from 0.
-- @treturn {string,...} the texts so far
-- @treturn function from a text to its number
function columns.numbering()
  local list, number = json.array({}), {}
  return list, function(text)
    if not number[text] then
      number[text] = #list
      list[#list + 1] = text
    end
    return number[text]
  end
end

--- Differences of places that grow, each from the one before; the first is itself, from 0.
-- @tparam {integer,...} places from 1
-- @treturn {integer,...}
function columns.differences(places)
  local out, last = json.array({}), 1
  for i, place in ipairs(places) do
    out[i], last = place - last, place
  end
  return out
end

return columns
