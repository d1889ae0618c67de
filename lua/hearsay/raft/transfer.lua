--- A snapshot on its way to a server that lacks entries which the leader has forgotten (section 7,
-- InstallSnapshot): in parts, each after the one before it was confirmed, as a line of the whole
-- state may be long. A part that is lost goes out again with the next round.
-- @module hearsay.raft.transfer

local node = require "hearsay"

local Sender, Receiver = {}, {}
Sender.__index, Receiver.__index = Sender, Receiver

local transfer = {}

--- @tparam table snapshot {index, term, text}
function transfer.sender(snapshot)
  return setmetatable({ snapshot = snapshot, size = 0, sent_at = -math.huge }, Sender)
end

--- Sends the next part, unless it went out a moment ago.
function Sender:send(id, term, number, options)
  local now, part = node.now(), ""
  if now - self.sent_at >= options.election / 2 then
    part = self.snapshot.text:sub(self.size + 1, self.size + options.limit)
    self.sent_at = now
  end
  node.send(id, { type = "raft_install", term = term, number = number,
    index = self.snapshot.index, last_term = self.snapshot.term,
    offset = self.size, part = part, total = #self.snapshot.text })
end

--- The receiver has confirmed so many bytes.
-- @treturn boolean whether there is a next part to send now
function Sender:take(body)
  if body.index ~= self.snapshot.index or body.size == self.size then
    return false
  end
  self.size, self.sent_at = body.size, -math.huge
  return true
end

--- Puts parts together.
function transfer.receiver()
  return setmetatable({ index = -1, parts = {}, size = 0 }, Receiver)
end

--- Takes a part.
-- @tparam table body as of a raft_install
-- @treturn table the snapshot when it is whole, else nil
function Receiver:take(body)
  if body.index ~= self.index or body.last_term ~= self.term then
    self.index, self.term, self.parts, self.size = body.index, body.last_term, {}, 0
  end
  if body.offset == self.size and body.part ~= "" then
    self.parts[#self.parts + 1] = body.part
    self.size = self.size + #body.part
  end
  if self.size == body.total then
    return { index = self.index, term = self.term, text = table.concat(self.parts) }
  end
end

return transfer
