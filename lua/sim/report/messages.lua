--- The messages of a run in columns, for the page.
-- @module sim.report.messages

local stored = require "sim.stored"

local messages = {}

--- Reads the journal.
-- @tparam table run see sim.stored; `journal` and `results` are used
-- @tparam table index id of a node to its place in `nodes` from 0; ids that are met are added
-- @tparam {string,...} nodes
-- @treturn[1] table columns: count; sent and received, microseconds since the load began, the
--   latter -1 for what was lost; from, to: places in `nodes`; type: place in `types`
-- @treturn[1] {string,...} types
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the journal
function messages.columns(run, index, nodes)
  local start_us = run.results["start-us"]
  local columns = { count = 0, sent = {}, received = {}, from = {}, to = {}, type = {} }
  local types, type_index, place = {}, {}, {}
  local function node(id)
    if not index[id] then
      nodes[#nodes + 1] = id
      index[id] = #nodes - 1
    end
    return index[id]
  end
  local ok, why = stored.messages(run.journal, function(event)
    local message, at = event.message, place[event.id]
    if event.event == "send" then
      at = columns.count + 1
      columns.count, place[event.id] = at, at
      local kind = tostring(message.body.type)
      if not type_index[kind] then
        types[#types + 1] = kind
        type_index[kind] = #types - 1
      end
      columns.sent[at], columns.received[at] = event.time - start_us, -1
      columns.from[at], columns.to[at] = node(message.src), node(message.dest)
      columns.type[at] = type_index[kind]
    elseif at and columns.received[at] == -1 then
      columns.received[at] = event.time - start_us
    end
  end)
  if not ok then
    return nil, why
  end
  return columns, types
end

return messages
