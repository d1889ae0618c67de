--- Whether all nodes show the same, see sim.convergence.
-- @module sim.checkers.convergence

local json = require "hearsay.json"
local value = require "sim.checkers.value"

local convergence = {}

local LISTED = 8 -- differences that are described

-- What nodes show, as text, by name; and the names in the order in which they came up.
local function collect(found)
  local by_name, names = {}, {}
  for _, one in ipairs(found) do
    for _, pair in ipairs(one.values) do
      local mark = value.text(pair[1])
      local entry = by_name[mark]
      if not entry then
        entry = { name = pair[1], shown = {} }
        by_name[mark] = entry
        names[#names + 1] = mark
      end
      entry.shown[one.node] = pair[2]
    end
  end
  return by_name, names
end

local function is_same(shown, nodes)
  for i = 2, #nodes do
    if not value.equal(shown[nodes[1]], shown[nodes[i]]) then
      return false
    end
  end
  return true
end

local function describe(entry, nodes)
  local shown = {}
  for _, id in ipairs(nodes) do
    local v = entry.shown[id]
    shown[id] = v == nil and json.null or v
  end
  return { name = entry.name, shown = shown }
end

--- Judges what nodes showed.
-- @tparam table found for each node `node`, `values` (a list of {name, value}; of two with one name
--   the later counts, and null is the same as none) and perhaps `error`
-- @tparam string noun what the names are names of: "key", "value", ..
-- @treturn table the result: noun; node-count, shown-count (of names); different-count; different,
--   up to eight of `{name, shown = {node = value or null}}`; unanswered, `{node, error}` for those
--   that did not say all that they have, which makes it invalid as well
function convergence.check(found, noun)
  local unanswered, nodes = value.array({}), {}
  for _, one in ipairs(found) do
    if one.error then
      unanswered[#unanswered + 1] = { node = one.node, error = tostring(one.error) }
    else
      nodes[#nodes + 1] = one.node
    end
  end
  local by_name, names = collect(found)
  local different, count = value.array({}), 0
  for _, mark in ipairs(names) do
    if not is_same(by_name[mark].shown, nodes) then
      count = count + 1
      different[#different + 1] = count <= LISTED and describe(by_name[mark], nodes) or nil
    end
  end
  return {
    ["valid?"] = count == 0 and #unanswered == 0,
    noun = noun,
    ["node-count"] = #found,
    ["shown-count"] = #names,
    ["different-count"] = count,
    different = different,
    unanswered = unanswered,
  }
end

return convergence
