--- Keys that are read and written, some often and some rarely, and retired when they have been
-- written often enough.
--
-- Keys are 0, 1, 2, .. A number of them is live; each is twice as likely to be drawn as the one
-- before it in the pool. The values written to a key are 1, 2, 3, ..; after the last of them a
-- fresh key takes its place in the pool.
-- @module sim.workloads.key_pool

local Pool = {}
Pool.__index = Pool

local key_pool = {}

local KEYS = 10 -- live at a time, when nothing else is asked for

--- A pool.
-- @tparam table opts key_count (live keys; default 10), max_writes_per_key, see sim.options
-- @param random stream, see hearsay.random
-- @treturn key_pool
function key_pool.new(opts, random)
  local self = setmetatable({
    random = random, writes = opts.max_writes_per_key, live = {}, last_value = {}, next_key = 0,
  }, Pool)
  for i = 1, opts.key_count or KEYS do
    self:refresh(i)
  end
  return self
end

function Pool:refresh(at)
  self.live[at] = self.next_key
  self.last_value[at] = 0
  self.next_key = self.next_key + 1
end

-- Each place is half as likely as the one after it.
function Pool:place()
  while true do
    for at = #self.live, 1, -1 do
      if self.random:upto(2) == 1 then
        return at
      end
    end
  end
end

--- Draws a read or a write, as likely the one as the other, of a key. Where the key has been
-- written often enough a fresh one takes its place, and both are drawn again.
-- @treturn integer key
-- @treturn[opt] integer the value to write; nil for a read
function Pool:draw()
  while true do
    local is_write, at = self.random:upto(2) == 1, self:place()
    if not is_write then
      return self.live[at]
    elseif self.last_value[at] < self.writes then
      self.last_value[at] = self.last_value[at] + 1
      return self.live[at], self.last_value[at]
    end
    self:refresh(at)
  end
end

return key_pool
