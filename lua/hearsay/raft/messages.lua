--- What servers say to each other, and what each message must have. A body of another form, or one
-- from somebody who is no server of the cluster, gets error 12 and changes nothing.
-- @module hearsay.raft.messages

local brief = require "hearsay.brief"
local errors = require "hearsay.errors"
local json = require "hearsay.json"
local node = require "hearsay"

local messages = {}

local fields = {
  raft_vote = {
    term = "natural", is_trial = "boolean", last_index = "natural", last_term = "natural",
  },
  raft_voted = {
    term = "natural", asked = "natural", is_trial = "boolean", is_granted = "boolean",
  },
  raft_append = {
    term = "natural", number = "natural", prev_index = "natural", prev_term = "natural",
    entries = "array", commit = "natural", read = "object?",
  },
  raft_appended = {
    term = "natural", number = "natural", match = "natural?", conflict = "natural?",
  },
  raft_commit = { term = "natural", commit = "natural", read = "object?" },
  raft_install = {
    term = "natural", number = "natural", index = "natural", last_term = "natural",
    offset = "natural", part = "string", total = "natural",
  },
  raft_installed = { term = "natural", number = "natural", index = "natural", size = "natural" },
  raft_newer = { term = "natural" },
  raft_forward = { session = "natural", floor = "natural", requests = "array", read = "natural" },
}

local function refuse(body, expected, got)
  error(errors.new("malformed_request", ("%s: expected %s, got %s"):format(body.type, expected,
    brief(got))), 0)
end

local function is_natural(value)
  return math.type(value) == "integer" and value >= 0
end

-- Whether a value is an array of two that begins with a natural.
local function is_numbered(value)
  return json.is_array(value) and #value == 2 and is_natural(value[1])
end

local function check_parts(body)
  for _, name in ipairs({ "entries", "requests" }) do
    for _, item in ipairs(body[name] or {}) do
      if not is_numbered(item) then
        refuse(body, ("each of the %s to be [a number, ..]"):format(name), item)
      end
    end
  end
  local read = body.read
  if type(read) == "table"
    and not (is_natural(read.session) and is_natural(read.read) and is_natural(read.index)) then
    refuse(body, '"read" to be {session, read, index}', read)
  end
end

--- Registers the handlers.
-- @tparam table handlers message type to a function, called with the id of the sender and the body
function messages.serve(handlers)
  for name, fn in pairs(handlers) do
    node.on(name, fields[name], function(msg)
      local is_peer = false
      for _, id in ipairs(node.peers) do
        is_peer = is_peer or id == msg.src
      end
      if not is_peer then
        refuse(msg.body, "a message of another node of the cluster", msg.src)
      end
      check_parts(msg.body)
      fn(msg.src, msg.body)
    end)
  end
end

return messages
