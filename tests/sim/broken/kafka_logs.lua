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

--- The right handlers, for a node that keeps all logs itself. A new table, to change some in.
function logs.here()
  return {
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
end

--- Asks a node, and raises what goes wrong.
function logs.ask(dest, body, timeout)
  local reply, err = node.rpc(dest, body, timeout or 4)
  return reply or error(err, 0)
end

--- A handler that passes a client's request on to a node, which has the right one.
-- @tparam function handle the right one
-- @tparam function dest_of called with the request's body, returns the node
function logs.pass(handle, dest_of)
  return function(msg)
    local dest = dest_of(msg.body)
    if dest == node.id or not msg.src:find("^c") then
      return handle(msg)
    end
    msg.body.msg_id = nil
    local reply = logs.ask(dest, msg.body)
    reply.in_reply_to, reply.msg_id = nil, nil
    return reply
  end
end

--- Handlers by which the first node keeps all logs and the others pass requests on to it.
function logs.at_first()
  local handlers = logs.here()
  for name, handle in pairs(handlers) do
    handlers[name] = logs.pass(handle, function() return node.ids[1] end)
  end
  return handlers
end

--- Those of `at_first`, but a send takes two steps: the first node hands out the offset, and then
-- it is told to store the entry there.
-- @tparam function tell called with the first node and what it is told
function logs.in_two_steps(tell)
  local next_offset = {}
  node.on("allocate", function(msg)
    local offset = next_offset[msg.body.key] or 0
    next_offset[msg.body.key] = offset + 1
    return { type = "allocate_ok", offset = offset }
  end)
  node.on("store", function(msg)
    logs.append(msg.body.key, msg.body.msg, msg.body.offset)
    return msg.body.msg_id and { type = "store_ok" }
  end)
  local handlers = logs.at_first()
  function handlers.send(msg)
    local first, key = node.ids[1], msg.body.key
    local offset = logs.ask(first, { type = "allocate", key = key }).offset
    tell(first, { type = "store", key = key, msg = msg.body.msg, offset = offset })
    return { type = "send_ok", offset = offset }
  end
  return handlers
end

--- Registers handlers.
function logs.serve(handlers)
  for name, handle in pairs(handlers) do
    node.on(name, handle)
  end
end

return logs
