--- Broken: committed offsets are on two replicas, of which one hears of a commit a second later; a
-- list is taken from either.

local logs = require "kafka_logs"
local node = require "hearsay"

local SECONDS_LATE = 1

local late = {}

local handlers = logs.at_first()
local commit, list = handlers.commit_offsets, handlers.list_committed_offsets

function handlers.commit_offsets(msg)
  local offsets = msg.body.offsets
  if node.id == node.ids[1] then
    node.after(SECONDS_LATE, function()
      for key, offset in pairs(offsets) do
        late[key] = math.max(late[key] or offset, offset)
      end
    end)
  end
  return commit(msg)
end

function handlers.list_committed_offsets(msg)
  local reply = list(msg)
  if node.id == node.ids[1] and node.random(2) == 1 then
    for _, key in ipairs(msg.body.keys) do
      reply.offsets[key] = late[key]
    end
  end
  return reply
end

logs.serve(handlers)
