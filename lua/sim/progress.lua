--- How far something is that takes long: a bar on a terminal, elsewhere a line now and then.
--
-- It is for whoever waits, and goes to standard error. On a terminal one line is drawn again and
-- again, within the terminal's width, and nothing is left of it in the end; the cursor is never
-- hidden, so that there is nothing to restore when the process is ended. In a log there is a line
-- every thirty seconds, and none of what is over sooner.
-- @module sim.progress

local format = require "sim.format"
local terminal = require "sim.terminal"

local EVERY = 30 -- seconds between lines in a log
local SURE = 3 -- seconds after which it is said how long it will take
local ROOM = 3 -- columns at the end: a ^C that is typed must not begin a new line
local BAR, SHORTEST = 30, 8 -- columns

local Progress = {}
Progress.__index = Progress

local progress = {}

--- Begins.
-- @tparam string noun what is counted: "seeds", or "run" when it is not known how many there are
-- @tparam[opt] number all how many there are, when that is known
-- @tparam[opt] table world for tests: `is_live`, `columns`, `write(text)`, `now()` in seconds
-- @treturn progress
function progress.new(noun, all, world)
  world = world or {
    is_live = terminal.is_live(2), columns = terminal.columns(2), now = os.time,
    write = function(text) io.stderr:write(text) end,
  }
  local start = world.now()
  return setmetatable({ noun = noun, all = all, world = world, start = start, last = start,
    shown = nil }, Progress)
end

-- "350 of 1,000 seeds, 2 invalid, 12 s left", or "run 17, 3 nodes"
local function sentence(self, done, rest)
  local elapsed = self.world.now() - self.start
  local parts = { self.all and ("%s of %s %s"):format(format.whole(math.min(done, self.all)),
    format.whole(self.all), self.noun) or ("%s %s"):format(self.noun, format.whole(done)) }
  parts[#parts + 1] = rest
  if self.all and done > 0 and done < self.all and elapsed >= SURE then
    parts[#parts + 1] = format.whole(math.ceil(elapsed * (self.all - done) / done)) .. " s left"
  end
  return table.concat(parts, ", ")
end

local function bar(part, width)
  local filled = math.floor(math.max(0, math.min(1, part)) * width)
  return "[" .. ("#"):rep(filled) .. ("."):rep(width - filled) .. "] "
end

--- So much is done.
-- @tparam number done
-- @tparam[opt] string rest what else there is to say: "2 invalid"
function Progress:step(done, rest)
  local world = self.world
  local text = sentence(self, done, rest)
  if world.is_live then
    local columns = (world.columns or 80) - ROOM
    local width = math.min(BAR, columns - format.columns(text) - 3)
    if self.all and width >= SHORTEST then
      text = bar(done / self.all, width) .. text
    end
    text = format.cut(text, columns)
    if text ~= self.shown then
      world.write("\r" .. text .. "\27[K")
      self.shown = text
    end
  elseif world.now() - self.last >= EVERY then
    self.last = world.now()
    world.write(text .. "\n")
  end
end

--- Takes the line away: before something else is printed, and in the end.
function Progress:clear()
  if self.shown then
    self.world.write("\r\27[K")
    self.shown = nil
  end
end

return progress
