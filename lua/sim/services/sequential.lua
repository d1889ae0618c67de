--- seq-kv: a key-value store whose clients may live in the past.
--
-- It keeps its last 32 states, and for each client which of them it saw last. A request is first
-- tried on a random state from that one to the newest but one (on the newest, when the client is
-- there already). If it changes nothing there, that was all: its reply is what that state says, and
-- the client is at that state. So a read may be old, and so may a failed cas, and a write of what
-- is already there may be done in the past. Reading again does not help: that brings a client up to
-- the newest state but one. If the request would change something it is done on the newest state,
-- whatever comes of it, which makes a new one, and the client is there.
--
-- In this way all operations have one order, and each client sees it go forward only. Whoever wants
-- the newest state writes something that nobody wrote before, and then reads.
--
-- A state is not kept as a whole: each key has a list of its cells, each with the number of the
-- state that it came with. So a write costs no more when there are many keys.
-- @module sim.services.sequential

local kv = require "sim.services.kv"

local STATES = 32

local Sequential = {}
Sequential.__index = Sequential

local sequential = {}

function sequential.new(random)
  return setmetatable({
    random = random,
    newest = 0, -- number of the newest state
    versions = {}, -- key to a list of {state, cell}
    seen = {}, -- client to the number of the state it saw last
  }, Sequential)
end

function Sequential:oldest()
  return math.max(0, self.newest - STATES + 1)
end

-- What a key has in a state.
function Sequential:find(key, state)
  local list = self.versions[key] or {}
  for i = #list, 1, -1 do
    if list[i].state <= state then
      return list[i].cell
    end
  end
end

-- What a key has from the newest state on. Forgets what no state that is kept has.
function Sequential:put(key, cell)
  local list = self.versions[key] or {}
  self.versions[key] = list
  list[#list + 1] = { state = self.newest, cell = cell }
  while list[2] and list[2].state <= self:oldest() do
    table.remove(list, 1)
  end
end

function Sequential:handle(src, body)
  local request, refusal = kv.parse(body)
  if not request then
    return refusal
  end
  local state = math.max(self.seen[src] or 0, self:oldest())
  if state < self.newest then
    state = state + self.random:upto(self.newest - state) - 1
  end
  local before = self:find(request.key, state)
  local reply, cell = kv.apply(request, before)
  if cell and not (before and before.text == cell.text) then
    reply, cell = kv.apply(request, self:find(request.key, self.newest))
    self.newest = self.newest + 1
    state = self.newest
    if cell then
      self:put(request.key, cell)
    end
  end
  self.seen[src] = state
  return reply
end

return sequential
