--- The log of a server: entries from behind a base on, which a snapshot stands for.
--
--     index   1 .. base | base+1 .. last
--             forgotten | here
--
-- An entry is {term, command}; a command that is false is the entry with which a leader begins its
-- term. Indexes count from 1, and index 0 has term 0. Nothing here waits or writes to a disk.
-- Cost: appending and looking up O(1); forgetting O(entries that stay).
--
-- Source: D. Ongaro, J. Ousterhout, In Search of an Understandable Consensus Algorithm (extended
-- version), 2014, section 5.3.
-- @module hearsay.raft.log

local json = require "hearsay.json"

local Log = {}
Log.__index = Log

local log = {}

--- A log without entries.
function log.new()
  return setmetatable({ base = 0, base_term = 0, entries = {} }, Log)
end

--- The index of the last entry; the base when there is none behind it.
function Log:last()
  return self.base + #self.entries
end

--- The term of the entry at an index.
-- @tparam integer index
-- @treturn integer or nil when it is forgotten, or not there yet
function Log:term_at(index)
  if index == self.base then
    return self.base_term
  end
  local entry = self.entries[index - self.base]
  return entry and entry.term
end

--- The entry at an index: {term, command}, or nil.
function Log:at(index)
  return self.entries[index - self.base]
end

--- Whether a log that ends with this index and term has all that this one has, or is the better
-- one to elect (section 5.4.1): the later last term wins, then the longer log.
function Log:is_covered_by(index, term)
  local own = self:term_at(self:last())
  return term > own or (term == own and index >= self:last())
end

--- Puts an entry behind the last one.
function Log:append(term, command)
  self.entries[#self.entries + 1] = { term = term, command = command }
end

--- Takes away the entries from an index on.
function Log:truncate(index)
  for i = #self.entries, math.max(1, index - self.base), -1 do
    self.entries[i] = nil
  end
end

--- Takes entries that follow the one at `prev` (section 5.3): those that are here already stay, and
-- the first that contradicts what is here takes the place of it and of all behind it.
-- @tparam integer prev an index from which on this log and the sender's agree
-- @tparam {{term, command},...} list as in a message
-- @treturn integer how many of the list are new, which are its last ones
function Log:merge(prev, list)
  for i, item in ipairs(list) do
    local index = prev + i
    if index > self.base and self:term_at(index) ~= item[1] then
      self:truncate(index)
      for j = i, #list do
        self:append(list[j][1], list[j][2])
      end
      return #list - i + 1
    end
  end
  return 0
end

--- Where a sender should go on whose entry before the next one does not agree with what is here:
-- at the first index of the term that is here (the end of section 5.3), or behind the last.
-- @tparam integer prev
-- @treturn integer index
function Log:conflict(prev)
  if prev > self:last() then
    return self:last() + 1
  end
  local term, index = self:term_at(prev), prev
  while index - 1 > self.base and self:term_at(index - 1) == term do
    index = index - 1
  end
  return index
end

-- The JSON of an entry, made once, as it goes to every other server.
local function text_of(entry)
  entry.text = entry.text or json.encode(json.array({ entry.term, entry.command }))
  return entry.text
end

--- Entries from an index on, for a message.
-- @tparam integer from
-- @tparam integer limit bytes; one entry goes, whatever its length
-- @return an array for a message's body
-- @treturn integer how many entries are in it
function Log:slice(from, limit)
  local texts, bytes = {}, 0
  for i = from - self.base, #self.entries do
    local text = text_of(self.entries[i])
    bytes = bytes + #text + 1
    if texts[1] and bytes > limit then
      break
    end
    texts[#texts + 1] = text
  end
  return json.raw("[" .. table.concat(texts, ",") .. "]"), #texts
end

--- Forgets all entries up to an index, which a snapshot stands for (section 7).
function Log:forget(index)
  local term = self:term_at(index)
  self.entries = table.move(self.entries, index - self.base + 1, #self.entries, 1, {})
  self.base, self.base_term = index, term
end

--- Begins behind a snapshot: what is here behind it stays if the log agrees with it there, and else
-- nothing does (section 7, figure 13, steps 6 and 7).
function Log:restart(index, term)
  if self:term_at(index) == term then
    return self:forget(index)
  end
  self.entries, self.base, self.base_term = {}, index, term
end

return log
