--- The requests of a server's own clients, until they are done: forwarded to the leader in batches.
--
-- What comes within `gather` seconds goes to the leader in one message; a leader hands it to
-- itself. A change is done when this server applies it, and answers from its own state; so the
-- leader sends no results. A read waits until this server has applied what the leader said
-- (dissertation, section 6.4), and is then answered from the state here.
--
--     {raft_forward, session, floor, requests: [[number, operation], ..], read}
--
--     read     reads of this session up to this number want to be up to date; 0 for none
--     floor    no request below is waited for; see hearsay.raft.sessions
--
-- What is not done after `resend` seconds is sent again, and at once to a new leader: that does no
-- harm, as the sessions see to it that it is done once. After `deadline` seconds it is given up. A
-- change that was sent to nobody surely did not happen, and neither did a read: that is a definite
-- error. Of any other change nobody can tell.
-- @module hearsay.raft.requests

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local node = require "hearsay"

local Requests = {}
Requests.__index = Requests

local requests = {}

--- @tparam table server see hearsay.raft
function requests.new(server)
  return setmetatable({
    server = server,
    last = 0, -- number of the last change
    floor = 1, -- no change with a lower number is pending
    changes = {}, -- number to {operation, done, until_time, sent_at}
    read = 0, -- number of the last batch of reads
    is_open = false, -- whether reads can join that batch
    reads = {}, -- list of {read, index (once it is confirmed), done, until_time}
    asked_at = -math.huge, -- when reads were sent
    soon = nil, -- timer of a batch
    clock = nil, -- timer for what is late
  }, Requests)
end

function Requests:is_idle()
  return self.floor > self.last and not self.reads[1]
end

-- Sends soon; and looks for what is late as long as there is something.
function Requests:hurry()
  local options = self.server.options
  if not self.soon then
    self.soon = node.after(options.gather, function()
      self.soon = nil
      self:send()
    end)
  end
  if not self.clock then
    self.clock = node.every(options.resend / 2, function() self:look_for_late() end)
  end
end

--- A change, see hearsay.raft.
function Requests:add_change(operation, done)
  self.last = self.last + 1
  self.changes[self.last] = { operation = operation, done = done,
    until_time = node.now() + self.server.options.deadline }
  self:hurry()
end

--- A read, see hearsay.raft.
function Requests:add_read(done)
  if not self.is_open then
    self.read, self.is_open = self.read + 1, true
  end
  self.reads[#self.reads + 1] = { read = self.read, done = done,
    until_time = node.now() + self.server.options.deadline }
  self:hurry()
end

-- Whether a read was not confirmed yet. They are confirmed in order.
function Requests:has_unconfirmed()
  local last = self.reads[#self.reads]
  return last ~= nil and not last.index
end

--- Sends the leader what it was not sent, or not within `resend` seconds.
-- @tparam[opt=false] boolean is_new whether it is a new leader, who was sent nothing
function Requests:send(is_new)
  local server, now, list = self.server, node.now(), json.array()
  if not server.leader or not server.session then
    return
  end
  local late = is_new and math.huge or now - server.options.resend
  for number = self.floor, self.last do
    local change = self.changes[number]
    if change and (change.sent_at or -math.huge) <= late then
      list[#list + 1] = json.array({ number, change.operation })
      change.sent_at = now
    end
  end
  local asks = self:has_unconfirmed() and (self.is_open or self.asked_at <= late)
  if not list[1] and not asks then
    return
  end
  self.asked_at, self.is_open = asks and now or self.asked_at, false
  local body = { type = "raft_forward", session = server.session, floor = self.floor,
    requests = list, read = asks and self.read or 0 }
  if server.leader == server.id then
    server.replication:take(server.id, body)
  else
    node.send(server.leader, body)
  end
end

-- Ends a change: a list of what to call is the result, since who is called may ask for more.
function Requests:finish_change(number, reply, err)
  local change = self.changes[number]
  self.changes[number] = nil
  while self.floor <= self.last and not self.changes[self.floor] do
    self.floor = self.floor + 1
  end
  change.done(reply, err)
end

--- A change was done in the log.
-- @tparam table command see hearsay.raft.sessions
-- @tparam table result the reply's body
function Requests:applied(command, result)
  local server = self.server
  if command[1] == server.id and command[2] == server.session and self.changes[command[3]] then
    if result.type == "error" then
      return self:finish_change(command[3], nil, errors.from_body(result))
    end
    self:finish_change(command[3], result)
  end
end

--- A snapshot has taken the place of the state: the results are in its sessions.
function Requests:restored()
  local server = self.server
  for number = self.floor, self.last do
    local result = server.sessions:result(server.id, server.session, number)
    if result then
      self:applied({ server.id, server.session, number }, result)
    end
  end
end

--- The leader says up to which index reads must see.
-- @tparam[opt] table read {session, read, index}
function Requests:confirm(read)
  if not read or read.session ~= self.server.session then
    return
  end
  for _, waiting in ipairs(self.reads) do
    if waiting.read <= read.read then
      waiting.index = waiting.index or read.index
    end
  end
  self:answer_reads()
end

--- Answers the reads whose index is applied.
function Requests:answer_reads()
  while self.reads[1] and self.reads[1].index and self.reads[1].index <= self.server.applied do
    table.remove(self.reads, 1).done(true)
  end
end

-- Gives up what is too old, and sends what is late again. In the order of their deadlines.
function Requests:look_for_late()
  local now = node.now()
  while self.reads[1] and self.reads[1].until_time <= now do
    table.remove(self.reads, 1).done(nil, errors.new("temporarily_unavailable",
      "no leader that a majority follows could be reached"))
  end
  for number = self.floor, self.last do
    local change = self.changes[number]
    if change and change.until_time > now then
      break
    elseif change and change.sent_at then
      self:finish_change(number, nil, errors.new("timeout", "the change may yet be made"))
    elseif change then
      self:finish_change(number, nil, errors.new("temporarily_unavailable",
        "there is no leader that a majority follows"))
    end
  end
  if self:is_idle() then
    self.clock:cancel()
    self.clock = nil
  else
    self:send()
  end
end

return requests
