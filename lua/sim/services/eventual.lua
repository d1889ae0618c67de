--- lww-kv: two replicas of a key-value store, the last write wins. It loses writes on purpose.
--
-- Each replica has a Lamport clock: a write takes its time as a stamp and moves it on. Before each
-- request a random replica is merged into a random one, which may be itself: the clock becomes the
-- greater of both, and of each key the cell with the greater stamp stays, that of the replica
-- merged from when they are equal. Then a random replica does the request. So a reader may not find
-- what was just written, a cas may succeed at both replicas, and a write to the one whose clock is
-- behind is undone by an older one when they merge.
-- @module sim.services.eventual

local kv = require "sim.services.kv"

local REPLICAS = 2

local Eventual = {}
Eventual.__index = Eventual

local eventual = {}

function eventual.new(random)
  local self = setmetatable({ random = random, replicas = {} }, Eventual)
  for i = 1, REPLICAS do
    -- The keys that were written since it was merged into the other one.
    self.replicas[i] = { clock = 0, cells = {}, stamps = {}, written = {} }
  end
  return self
end

local function merge(from, into)
  into.clock = math.max(into.clock, from.clock)
  for _, key in ipairs(from.written) do
    if not into.stamps[key] or into.stamps[key] <= from.stamps[key] then
      into.cells[key] = from.cells[key]
      into.stamps[key] = from.stamps[key]
    end
  end
  from.written = {}
end

function Eventual:pick()
  return self.replicas[self.random:upto(REPLICAS)]
end

function Eventual:handle(_, body)
  local request, refusal = kv.parse(body)
  if not request then
    return refusal
  end
  local from, into = self:pick(), self:pick()
  if from ~= into then
    merge(from, into)
  end
  local replica = self:pick()
  local reply, cell = kv.apply(request, replica.cells[request.key])
  if cell then
    replica.cells[request.key] = cell
    replica.stamps[request.key] = replica.clock
    replica.clock = replica.clock + 1
    replica.written[#replica.written + 1] = request.key
  end
  return reply
end

return eventual
