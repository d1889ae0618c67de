--- What a kafka node is made of, for nodes that do one part of it in another way: logs in memory,
-- committed offsets that only grow, and a handler for each request.

local json = require "hearsay.json"
local node = require "hearsay"

local logs = { entries = {}, committed = {} }

--- The log of a key: an array of {offset, message} by offset.
function logs.of(key)
  local log = logs.entries[key] or json.array()
  logs.entries[key] = log
  return log
end

--- Puts a message at an offset, by default the one after the last. Returns the offset.
function logs.append(key, message, offset)
  local log = logs.of(key)
  local at = #log + 1
  offset = offset or (log[#log] and log[#log][1] + 1 or 0)
  while at > 1 and log[at - 1][1] > offset do
    at = at - 1
  end
  table.insert(log, at, json.array({ offset, message }))
  return offset
end

--- What a log has from an offset on.
function logs.from(key, offset)
  local log = logs.of(key)
  local first = #log + 1
  while first > 1 and log[first - 1][1] >= offset do
    first = first - 1
  end
  return json.array(table.move(log, first, #log, 1, {}))
end

local handlers = {
  send = function(msg)
    return { type = "send_ok", offset = logs.append(msg.body.key, msg.body.msg) }
  end,
  poll = function(msg)
    local msgs = {}
    for key, offset in pairs(msg.body.offsets) do
      msgs[key] = logs.from(key, offset)
    end
    return { type = "poll_ok", msgs = msgs }
  end,
  commit_offsets = function(msg)
    for key, offset in pairs(msg.body.offsets) do
      logs.committed[key] = math.max(logs.committed[key] or offset, offset)
    end
    return { type = "commit_offsets_ok" }
  end,
  list_committed_offsets = function(msg)
    local offsets = {}
    for _, key in ipairs(msg.body.keys) do
      offsets[key] = logs.committed[key]
    end
    return { type = "list_committed_offsets_ok", offsets = offsets }
  end,
}

--- Handles the requests, those in `changes` by functions of its own. These get the message and the
-- handler that they replace.
function logs.serve(changes)
  for name, handle in pairs(handlers) do
    local change = changes and changes[name]
    node.on(name, change and function(msg) return change(msg, handle) end or handle)
  end
end

--- A node that passes every request of a client on to the first node, which does it. `changes` as of
-- logs.serve are for the first node.
function logs.serve_at_first(changes)
  local function pass_on(msg, handle)
    if msg.src == node.id or node.id == node.ids[1] then
      return handle(msg)
    end
    local body = {}
    for field, value in pairs(msg.body) do
      body[field] = value
    end
    body.msg_id = nil
    local reply, err = node.rpc(node.ids[1], body, 4)
    if not reply then
      error(err, 0)
    end
    reply.in_reply_to, reply.msg_id = nil, nil
    return reply
  end
  local passing = {}
  for name in pairs(handlers) do
    passing[name] = function(msg, handle)
      local change = changes and changes[name]
      return pass_on(msg, change and function() return change(msg, handle) end or handle)
    end
  end
  logs.serve(passing)
end

return logs
