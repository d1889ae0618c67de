--- A batching outbox: entries for all other nodes, in order, each exactly once, few messages.
--
--     local box = outbox.start {
--       name = "replicate", window = 0.05,
--       receive = function(src, entries, extra) .. end,
--       extra = function() return { clock = clock } end,
--     }
--     local position = box:add({ key, offset, message })
--     box:wait(position, "majority") -- until so many nodes have it
--
-- Once a window what was added makes a *batch*, encoded once. Each peer is sent those that it has
-- not been sent, and every message confirms, for free, how far its sender has got with the
-- receiver's batches. Confirmations are cumulative, so one that is lost is made good by the next.
--
--     {type, session, of, from, batches, got, extra}
--
--     session  of the sender: drawn at its start, it tells this run of a node from one before
--     of       the receiver's, as the sender knows it; not there in a greeting
--     from     batches from + 1, from + 2, .. are in the message
--     got      the last of the receiver's batches that the sender has, with all before it
--     extra    what else the sender has to say once all its batches up to here are known; only in
--              a message after which there are no more
--     restarts how many sessions of the receiver the sender knew before this one; not there for 0
--     ask      a number that is to come back as `answer`
--
-- A batch that does not follow on what the receiver has is dropped, one that it has is passed over.
-- What is not confirmed for `resend` seconds is sent again from the confirmed position on, and to
-- a peer that does not answer nothing more is sent than that. Batches travel only between nodes
-- that know each other's sessions. So a node begins by greeting everyone, until all that the peer
-- had is here; a greeting, and a message for a session that is over, is answered at once. A session
-- that is not the known one may be new, or long over and its message late; so it is asked for an
-- answer (as with TCP's handshake, RFC 9293, section 3.5), and then the stream to it begins again.
--
-- Cost: at most n(n-1) messages a window, however many entries there are. When nothing was added
-- and `extra` says what it said, what came last is confirmed, and then nothing is sent.
--
-- A peer that was restarted has forgotten everything. It is sent again all that was ever added,
-- which is kept for this; or, with the option `snapshot`, what that function returns: entries that
-- stand for all that this node knows. Then batches are freed once every peer has confirmed them.
-- As what is in a snapshot may also follow as an entry, taking an entry twice must then do no harm.
-- A peer that is away, or dead for good, costs the memory of the batches since.
-- @module hearsay.outbox

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local node = require "hearsay"
local outbox_peer = require "hearsay.outbox_peer"
local take_options = require "hearsay.take_options"

local POLLS = 4 -- looks of a waiting handler in a window

local OPTIONS = {
  name = { "string", needed = true },
  receive = { "function", needed = true },
  extra = { "function" },
  snapshot = { "function" },
  window = { "number", default = 0.05, above = 0 },
  resend = { "number", default = 1, above = 0 },
  limit = { "number", default = 60000, above = 0 },
}

local Outbox = {}
Outbox.__index = Outbox

local outbox = {}

-- Collects the texts of entries for a batch.
local Draft = {}
Draft.__index = Draft

local function new_draft(limit)
  return setmetatable({ limit = limit, texts = {}, bytes = 0 }, Draft)
end

function Draft:finish()
  local text = "[" .. table.concat(self.texts, ",") .. "]"
  self.texts, self.bytes = {}, 0
  return { raw = json.raw(text), bytes = #text }
end

-- Returns a batch of what was there before, where this does not fit in with it.
function Draft:add(text)
  local full
  if self.texts[1] and self.bytes + #text > self.limit then
    full = self:finish()
  end
  self.texts[#self.texts + 1] = text
  self.bytes = self.bytes + #text + 1
  return full
end

--- Starts an outbox. Call it in the script's main part.
-- @tparam table options
-- @tparam string options.name the type of its messages; each outbox of a script has another
-- @tparam fun(src:string,entries:table,extra:table?) options.receive takes entries that a peer
--   added, an array, in order; and what the peer's `extra` returned, or nil when more is to come
--   before that holds
-- @tparam[opt] fun():table options.extra called at the end of a window; returns a table to go with
--   the batch, and may add entries to it. A table that is not what it was is told even if nothing
--   was added
-- @tparam[opt] fun():table options.snapshot returns a list of entries that stand for all that this
--   node knows, what others added too, for a peer that was restarted
-- @tparam[opt=0.05] number options.window seconds from batch to batch
-- @tparam[opt=1] number options.resend seconds without a confirmation after which batches count as
--   lost; more than two windows and two hops
-- @tparam[opt=60000] number options.limit bytes of entries in a message, which a single entry may
--   exceed
-- @treturn outbox
-- @raise on options that are not as above
function outbox.start(options)
  local self = setmetatable({
    options = take_options("outbox.start", OPTIONS, options),
    peers = {}, -- by id
    draft = nil, -- of the next batch; from init on
    closed = 0, -- how many batches there are
    kept = {}, -- all of them, unless there are snapshots
    extra = "{}", -- text of what goes with the last batch
    waiting = {}, -- list of {position, count, fn}
    restarted = false,
  }, Outbox)
  node.on_init(function()
    self.session = node.random(1 << 53)
    self.draft = new_draft(self.options.limit)
    for _, id in ipairs(node.peers) do
      self.peers[id] = outbox_peer.new(id)
    end
    self.extra = self:ask_extra()
    self:tick()
    node.every(self.options.window, function() self:tick() end)
  end)
  node.on(self.options.name, { session = "integer", of = "integer?", from = "integer",
    batches = "array", got = "integer", extra = "object?", restarts = "integer?",
    ask = "integer?", answer = "integer?" }, function(msg)
    for _, batch in ipairs(msg.body.batches) do
      if not json.is_array(batch) then
        error(errors.new("malformed_request",
          msg.body.type .. ": expected each of the batches to be an array"), 0)
      end
    end
    self:take(msg.src, msg.body)
  end)
  return self
end

function Outbox:ask_extra()
  local extra = self.options.extra
  return json.encode(extra and extra() or {}, true)
end

function Outbox:push(batch)
  self.closed = self.closed + 1
  for _, id in ipairs(node.peers) do
    self.peers[id]:push(batch)
  end
  if not self.options.snapshot then
    self.kept[self.closed] = batch
  end
end

-- Ends a window. A batch is empty where only `extra` is news.
function Outbox:close()
  local extra = self:ask_extra()
  if self.draft.texts[1] or extra ~= self.extra then
    self.extra = extra
    self:push(self.draft:finish())
  end
end

function Outbox:tick()
  self:close()
  local now = node.now()
  for _, id in ipairs(node.peers) do
    local peer = self.peers[id]
    if peer:is_unheard(now, self.options.resend) then
      peer.greeted_at = now
      self:ask(peer)
    end
    if peer:is_due(now, self.options.resend) then
      self:send(peer)
    end
  end
end

-- Greets a peer, which answers with what it has; or asks a session whether it is not over.
function Outbox:ask(peer, session, question, answer)
  node.send(peer.id, { type = self.options.name, session = self.session, of = session,
    from = 0, batches = json.array(), got = 0, ask = question, answer = answer })
end

function Outbox:send(peer, answer)
  local from, batches = peer:take(node.now(), self.options.resend, self.options.limit)
  node.send(peer.id, {
    type = self.options.name,
    session = self.session,
    of = peer.session,
    from = from,
    batches = batches,
    got = peer.got,
    extra = peer:is_told() and json.raw(self.extra) or nil,
    restarts = peer.restarts > 0 and peer.restarts or nil,
    answer = answer,
  })
end

-- A peer has forgotten everything.
function Outbox:begin_again(peer)
  local snapshot = self.options.snapshot
  if not snapshot then
    return peer:restart(table.move(self.kept, 1, #self.kept, 1, {}), 0, 0)
  end
  local queue, draft = {}, new_draft(self.options.limit)
  for _, entry in ipairs(snapshot()) do
    queue[#queue + 1] = draft:add(json.encode(entry))
  end
  queue[#queue + 1] = draft:finish()
  peer:restart(queue, #queue, self.closed)
end

-- Whether a message is from its sender as it is now. One from another session than the known one
-- may be older, and late, or the first after a restart: that session is asked, and heard again.
-- Two that were both restarted ask each other, so an unknown session that asks is answered too.
function Outbox:is_current(peer, body)
  if body.session == peer.session then
    return true
  elseif peer.session then
    local question = peer:question(body.session, node.random)
    if body.answer ~= question then
      self:ask(peer, body.session, question, body.of == self.session and body.ask or nil)
      return false
    end
    self:begin_again(peer)
  end
  peer:meet(body.session)
  return true
end

-- Takes a message.
function Outbox:take(src, body)
  local peer = self.peers[src]
  if not peer or not self:is_current(peer, body) then
    return
  elseif body.of ~= self.session then
    return self:send(peer) -- it does not know this session yet
  end
  peer.knows_us = true
  self.restarted = self.restarted or (body.restarts or 0) > 0
  if peer:confirm(body.got, node.now()) then
    self:wake()
  end
  local entries = peer:accept(body.from, body.batches, body.extra ~= nil)
  if body.ask or body.answer then
    self:send(peer, body.ask)
  end
  if entries then
    self.options.receive(src, entries, body.extra)
  end
end

--- Adds an entry to the next batch.
-- @param entry anything that JSON can say; it is encoded here and now
-- @treturn integer its position, to wait for: the number of its batch
-- @raise when it cannot be encoded, and before init
function Outbox:add(entry)
  if not self.draft then
    error("outbox: there is nobody to send to before init", 2)
  end
  local full = self.draft:add(json.encode(entry))
  if full then
    self:push(full)
  end
  return self.closed + 1
end

--- The position up to which a node is known to have everything. That of a peer falls back to 0 when
-- it is restarted, until it has it all again.
-- @tparam string id
-- @treturn integer 0 for nothing
function Outbox:confirmed(id)
  if id == node.id then
    return self.closed + 1
  end
  local peer = self.peers[id]
  if not peer then
    error(("outbox: %s is no node of this cluster"):format(tostring(id)), 2)
  end
  return peer:has()
end

-- The position that `count` nodes have, this one among them.
function Outbox:reached(count)
  local positions = {}
  for i, id in ipairs(node.ids) do
    positions[i] = self:confirmed(id)
  end
  table.sort(positions, function(a, b) return a > b end)
  return positions[count]
end

function Outbox:wake()
  local reached, waiting = {}, self.waiting
  self.waiting = {}
  for _, wait in ipairs(waiting) do
    reached[wait.count] = reached[wait.count] or self:reached(wait.count)
    if wait.position <= reached[wait.count] then
      node.spawn(wait.fn)
    else
      self.waiting[#self.waiting + 1] = wait
    end
  end
end

--- Calls a function, once, as soon as so many nodes have all up to a position.
-- @tparam integer position what add returned
-- @tparam string|integer count "all", "majority" or a number of nodes, this one included
-- @tparam function fn called in a coroutine of its own; at once, where it is so already
function Outbox:when(position, count, fn)
  local n = #node.ids
  count = ({ all = n, majority = n // 2 + 1 })[count] or math.tointeger(count)
  if not count or count < 0 or count > n then
    error(("outbox: expected \"all\", \"majority\" or how many of %d nodes"):format(n), 2)
  elseif count <= 1 or position <= self:reached(count) then
    fn()
  else
    self.waiting[#self.waiting + 1] = { position = position, count = count, fn = fn }
  end
end

--- Waits until so many nodes have all up to a position; see `when`, which costs less where many
-- handlers wait.
-- @tparam integer position what add returned
-- @tparam string|integer count as of `when`
function Outbox:wait(position, count)
  local is_so = false
  self:when(position, count, function() is_so = true end)
  while not is_so do
    node.sleep(self.options.window / POLLS)
  end
end

--- Whether every peer has told, at some time since this node was started, all that it had: what
-- was known before a restart is known again.
-- @treturn boolean
function Outbox:is_ready()
  for _, id in ipairs(node.peers) do
    if not self.peers[id].is_met then
      return false
    end
  end
  return true
end

--- Whether a peer has told that it knew an earlier session of this node: it was restarted.
-- @treturn boolean
function Outbox:is_restarted()
  return self.restarted
end

return outbox
