-- Nodes with outboxes, in virtual time, and whether each got what the others added.
--
--     local outbox_lab = dofile("tests/lua/outbox_lab.lua")
--     local boxes = outbox_lab.start(3)
--     boxes:add("n0", 5)
--     boxes:run(1)
--     boxes:check()

local assert = require "luassert"
local json = require "hearsay.json"
local lab = require "hearsay.testing"

local outbox_lab = { WINDOW = 0.1, RESEND = 1, HOP = 0.02, MS = 0.0011 } -- seconds

local Boxes = setmetatable({}, { __index = lab.Nodes })
Boxes.__index = Boxes

-- Starts nodes with outboxes; what they add is remembered in `added`.
function outbox_lab.start(n, args, options)
  options = options or {}
  options.args = { "window=" .. outbox_lab.WINDOW, "resend=" .. outbox_lab.RESEND,
    table.unpack(args or {}) }
  options.nodes, options.latency = n, options.latency or outbox_lab.HOP * 1000
  local self = setmetatable(lab.start("tests/lua/fixtures/outbox.lua", options), Boxes)
  self.added, self.count = {}, 0
  for _, id in ipairs(self.ids) do
    self.added[id] = {}
  end
  return self
end

-- Adds so many entries at a node. Returns their position.
function Boxes:add(id, count, filling)
  local entries = json.array()
  for i = 1, count or 1 do
    self.count = self.count + 1
    entries[i] = json.array({ self.count, filling })
    table.insert(self.added[id], self.count)
  end
  return self:ask_now({ id }, function()
    return { type = "add", entries = entries }
  end)[id].position
end

function Boxes:look(id)
  return self:ask_now({ id }, function() return { type = "look" } end)[id]
end

-- The numbers that came to a node from another, in order, and the extras.
function Boxes:received(id, src)
  local numbers, extras = {}, {}
  for _, line in ipairs(self:look(id).received) do
    if line[1] == src then
      if line[2] ~= json.null then
        numbers[#numbers + 1] = line[2][1]
      end
      extras[#extras + 1] = line[3]
    end
  end
  return numbers, extras
end

-- Whether each node got what each other added: exactly once, in order.
function Boxes:check(text)
  for _, id in ipairs(self.ids) do
    assert.equal("", self:log(id))
    for _, src in ipairs(self.ids) do
      if id ~= src then
        assert.same(self.added[src], (self:received(id, src)), ("%s: %s from %s"):format(text or "",
          id, src))
      end
    end
  end
end

function Boxes:quiet(seconds)
  self:journal()
  self:run(seconds)
  assert.same({}, self:sent())
end

-- Adds entries at random nodes for some seconds.
function Boxes:load(random, seconds, ids)
  local stop = self:now() + seconds
  ids = ids or self.ids
  while self:now() < stop do
    self:add(ids[random:upto(#ids)], random:upto(3))
    self:run(random:unit() * 0.04)
  end
end

return outbox_lab
