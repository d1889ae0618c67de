-- One real server, n0, of a group whose others are the test: it says what they send, and looks at
-- what n0 sends to them.

local json = require "hearsay.json"
local testing = require "hearsay.testing"

local SCRIPT = "tests/lua/fixtures/raft.lua"

local Lab = {}
Lab.__index = Lab

local lab = { SCRIPT = SCRIPT }

-- Starts n0 among `count` servers, with arguments of the fixture.
function lab.start(count, args, options)
  options = options or {}
  options.nodes, options.args, options.init = { "n0" }, args, false
  local nodes = testing.start(SCRIPT, options)
  local self = setmetatable({ nodes = nodes, ids = testing.ids(count), got = {} }, Lab)
  for i = 2, count do
    local id = self.ids[i]
    nodes.world:add(id, "service", function(body)
      body.to = id
      self.got[#self.got + 1] = body
    end)
  end
  self:init()
  return self
end

function Lab:init()
  assert(self.nodes:ask("n0", { type = "init", node_id = "n0", node_ids = self.ids }))
end

function Lab:restart()
  self.nodes:kill("n0")
  self.nodes.world:start("n0")
  self:init()
end

-- A peer sends n0 a message, which it takes at once.
function Lab:tell(id, type, fields)
  local body = { type = type }
  for name, value in pairs(fields) do
    body[name] = value
  end
  self.nodes.world:send(id, "n0", body)
  self.nodes:run(0.005)
end

-- What n0 has sent since the last call, of a type, if one is given.
function Lab:take(type)
  local list, got = {}, self.got
  self.got = {}
  for _, body in ipairs(got) do
    if not type or body.type == type then
      list[#list + 1] = body
    end
  end
  return list
end

function Lab:run(seconds)
  self.nodes:run(seconds)
end

function Lab:look()
  return assert(self.nodes:ask("n0", { type = "look" }))
end

-- Entries, as they are in a message: {{term, command}, ..}.
function lab.entries(...)
  local list = json.array()
  for i, entry in ipairs({ ... }) do
    list[i] = json.array(entry)
  end
  return list
end

-- The command of a client of n9 for its number-th change.
function lab.command(number, value, more)
  more = more or {}
  return json.array({ more.origin or "n9", more.session or 1, number, more.floor or 1, value })
end

-- A peer leads in a term and sends what follows an entry.
function Lab:append(id, term, prev_index, prev_term, entries, commit, number)
  self:tell(id, "raft_append", { term = term, number = number or 1, prev_index = prev_index,
    prev_term = prev_term, entries = entries or json.array(), commit = commit or 0 })
  return self:take("raft_appended")[1]
end

-- A peer asks for a vote.
function Lab:vote(id, term, last_index, last_term, is_trial)
  self:tell(id, "raft_vote", { term = term, last_index = last_index, last_term = last_term,
    is_trial = is_trial or false })
  return self:take("raft_voted")[1]
end

-- Lets n0 be elected by n1, among as many as there are.
function Lab:elect()
  self:run(1)
  for _, is_trial in ipairs({ true, false }) do
    local asked
    for _, body in ipairs(self:take("raft_vote")) do
      asked = body.is_trial == is_trial and body.term or asked
    end
    assert(asked, "it did not ask for votes")
    for i = 2, #self.ids // 2 + 1 do
      self:tell(self.ids[i], "raft_voted", { term = is_trial and asked - 1 or asked, asked = asked,
        is_trial = is_trial, is_granted = true })
    end
  end
  assert(self:look().role == "leader")
end

return lab
