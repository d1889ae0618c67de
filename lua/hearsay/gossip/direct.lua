--- Direct: whoever takes a value sends it to everybody else at once.
--
-- A message to a node carries what that node has not confirmed of the sender's own values, and
-- confirms what is here of the receiver's (hearsay.gossip.link). As every node sends to every other
-- now and then, confirmations cost nothing while there is something to say. Afterwards each node
-- would owe every other a confirmation, n(n-1) messages; so they are collected. A node that has
-- been owing for a while sends the first node one *row*: whose values it has, up to which version.
-- The first node sends everybody one *column*: who has that node's values, up to which version.
--
--     n1 --- has 7 of n0, 5 of n2, 9 of n3 ---> n0
--     n2 --- has 7 of n0, 4 of n1, 9 of n3 ---> n0 --- your 9 are at n1, n2 ---> n3
--
-- What is not confirmed for a while is sent again, to that node alone, and confirmed to the sender;
-- so it goes for everything last said while the first node is gone.
--
-- Cost: n-1 messages a value, the least that is possible without waiting for others to share one;
-- a value arrives after one hop. With a window values wait to share a message: those that a node
-- takes at rate r cost (n-1) / (1 + r window) each. When nothing is new, all is confirmed by 2(n-1)
-- messages, some more where nodes fall silent one after the other, and then nothing is sent.
--
-- Survives loss and partitions: after one ends, values arrive within `resend` and a hop or two. A
-- value goes from its first node only. So two nodes that cannot reach each other do not share
-- values, even where a third reaches both; and a value that its node had no time to send to all is
-- nowhere else, nor does a restarted node get what is left of its own. Where that matters there is
-- `backup`: each node then exchanges what is missing with another one, drawn anew each time
-- (hearsay.gossip.exchange), which costs some messages a period, also when nothing is new.
-- @module hearsay.gossip.direct

local errors = require "hearsay.errors"
local exchange = require "hearsay.gossip.exchange"
local gossip = require "hearsay.gossip"
local json = require "hearsay.json"
local link = require "hearsay.gossip.link"
local node = require "hearsay"
local seen = require "hearsay.seen"

-- Of `resend`: how often to look; how long a node has to be silent to be confirmed by a row; how
-- long rows are collected. Together, with three hops, less than 1: what is confirmed in time is not
-- sent again. The longer a node has to be silent, the rarer is that under load.
local LOOK, OWE, COLLECT = 1 / 16, 0.65, 1 / 16

-- Checks the entries of a row or a column: an id and some integers.
local function check(list, integers)
  for _, entry in ipairs(list) do
    local is_good = json.is_array(entry) and #entry == 1 + integers and type(entry[1]) == "string"
    for i = 2, 1 + integers do
      is_good = is_good and math.type(entry[i]) == "integer"
    end
    if not is_good then
      error(errors.new("malformed_request",
        ("expected a list of [id, %d integers], got %s"):format(integers, json.encode(entry))), 0)
    end
  end
end

local Direct = {}
Direct.__index = Direct

local direct = {}

--- Starts sending directly.
-- @tparam table options
-- @tparam[opt=2] number options.resend seconds until what was not confirmed is sent again; must
--   exceed a few round trips
-- @tparam[opt=0] number options.window seconds that a value waits for others to share its message
-- @tparam[opt=0] number options.backup seconds between exchanges with a random node; 0 for none
-- @treturn direct
function direct.start(options)
  local self = setmetatable({
    parameters = gossip.parameters(options, { resend = 2, window = 0, backup = 0 },
      { resend = gossip.POSITIVE }),
    values = seen.new(),
    own = seen.new(),
    is_peer = {},
    columns = {}, -- id to a list of {who, its session, session of that id, version}
  }, Direct)
  self.links = link.all(self.own)
  node.on_init(function()
    for _, id in ipairs(node.peers) do
      self.is_peer[id] = true
    end
    gossip.every(self.parameters.resend * LOOK, 0.25, function() self:look() end)
  end)
  node.on("direct", link.FIELDS, function(msg)
    self:receive(msg.src, msg.body)
  end)
  node.on("direct_row", { got = "array", session = "integer" }, function(msg)
    check(msg.body.got, 2)
    self:take_row(msg.src, msg.body.session, msg.body.got)
  end)
  node.on("direct_column", { got = "array" }, function(msg)
    check(msg.body.got, 3)
    self:take_column(msg.body.got)
  end)
  if self.parameters.backup > 0 then
    exchange.start("direct_backup", self.values, self.parameters.backup, function()
      return node.peers
    end)
  end
  return self
end

-- Sends again what must be lost, and confirms what those who are silent do not know to be here.
function Direct:look()
  local resend, row = self.parameters.resend, {}
  for _, id in ipairs(node.peers) do
    local peer = self.links[id]
    if peer:is_overdue(resend) then
      peer:send("direct")
    elseif peer:owes() and node.now() - peer.heard_at >= resend * OWE then
      row[#row + 1] = { id, peer.theirs, peer.got }
      peer.told = peer.got
    end
  end
  if row[1] and node.id == node.ids[1] then
    self:take_row(node.id, link.session(), row)
  elseif row[1] then
    node.send(node.ids[1], { type = "direct_row", got = row, session = link.session() })
  end
end

-- What a node has of others, for their columns.
function Direct:take_row(from, session, row)
  for _, entry in ipairs(row) do
    local id, of, got = table.unpack(entry)
    if id == node.id then
      self:take_column({ { from, session, of, got } })
    elseif self.is_peer[id] then
      self.columns[id] = self.columns[id] or {}
      table.insert(self.columns[id], { from, session, of, got })
    end
  end
  self.collecting = self.collecting or node.after(self.parameters.resend * COLLECT, function()
    self.collecting = nil
    for _, id in ipairs(node.peers) do
      if self.columns[id] then
        node.send(id, { type = "direct_column", got = self.columns[id] })
        self.columns[id] = nil
      end
    end
  end)
end

-- What others have of this node's own.
function Direct:take_column(column)
  for _, entry in ipairs(column) do
    local id, theirs, of, got = table.unpack(entry)
    if self.is_peer[id] then
      self.links[id]:confirm(theirs, of, got)
    end
  end
end

function Direct:receive(id, body)
  if not self.is_peer[id] then
    return -- no node of this cluster
  end
  local peer = self.links[id]
  self.values:merge(body.values)
  if peer:receive(body) and node.now() - peer.sent_at >= self.parameters.resend / 2 then
    peer:send("direct")
  end
end

--- Takes a value from a client.
-- @param value anything that JSON can say
-- @treturn boolean whether it is new
function Direct:add(value)
  if not self.values:add(value) then
    return false
  end
  self.own:add(value)
  if self.parameters.window == 0 then
    self:send()
  else
    self.waiting = self.waiting or node.after(self.parameters.window, function() self:send() end)
  end
  return true
end

function Direct:send()
  self.waiting = nil
  for _, id in ipairs(node.peers) do
    self.links[id]:send("direct")
  end
end

return direct
