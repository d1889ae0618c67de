--- What a server must know after a kill: its term, its vote, its log, its last snapshot.
--
-- The paper's persistent state (figure 2) as a journal in a hearsay.log on the node's disk: what
-- changes is written behind what was, and read from the front at the start. A record is
--
--     ["start", number]                 of this server, which is the number of its session
--     ["term", term, vote]              vote is null where there is none in that term
--     ["entries", first, [entry, ..]]   they take the place of what was from `first` on
--     ["snapshot", index, term, text]   stands for the entries up to index
--
-- Behind a snapshot all that still counts is written once more, and what was before it is given up.
--
-- What is written is durable when a sync that began later is over. Whoever answers, syncs first.
-- Without a disk nothing is kept: then a killed server may vote twice in a term, and forget what it
-- had confirmed, which Raft does not survive.
-- @module hearsay.raft.storage

local json = require "hearsay.json"
local journals = require "hearsay.log"
local log = require "hearsay.raft.log"
local node = require "hearsay"

local FILE, KEY = "raft.log", "raft"

local Storage = {}
Storage.__index = Storage

local storage = {}

local readers = {}

function readers.start(found, number)
  found.session = number
end

function readers.term(found, term, vote)
  found.term, found.vote = term, vote ~= json.null and vote or nil
end

function readers.entries(found, first, list)
  local entries = found.log
  entries:truncate(first)
  for i, entry in ipairs(list) do
    if first + i - 1 > entries.base then
      entries:append(entry[1], entry[2])
    end
  end
end

function readers.snapshot(found, index, term, text)
  found.snapshot = { index = index, term = term, text = text }
  found.log:restart(index, term)
end

--- Reads what is there, and begins a session.
-- @tparam boolean is_durable whether there is a disk to use
-- @treturn storage
-- @treturn table found: term, vote (or nil), log, snapshot ({index, term, text} or nil), session
-- @raise when there is no disk, or what is there was damaged
function storage.open(is_durable)
  local self = setmetatable({}, Storage)
  local found = { term = 0, log = log.new(), session = 0 }
  if not is_durable then
    found.session = math.floor(node.now() * 1e6) -- clocks go on while a node is restarted
    return self, found
  end
  self.journal = assert(journals.open(FILE))
  for _, pair in ipairs(self.journal:entries(KEY)) do
    local record = pair[2]
    readers[record[1]](found, table.unpack(record, 2))
  end
  found.session = found.session + 1
  self.session = found.session
  self:write("start", self.session)
  return self, found
end

-- Returns the record's place in the journal.
function Storage:write(...)
  return self.journal and assert(self.journal:append(KEY, json.array({ ... })))
end

function Storage:set_term(term, vote)
  self:write("term", term, vote or json.null)
end

-- @param entries an array for a message's body, as log:slice returns it
function Storage:put_entries(first, entries)
  self:write("entries", first, entries)
end

--- Keeps a snapshot, and gives up what is not needed any more.
-- @tparam table snapshot {index, term, text}
-- @tparam table server of which the term, the vote, and the log behind the snapshot are kept
function Storage:put_snapshot(snapshot, server)
  local place = self:write("snapshot", snapshot.index, snapshot.term, snapshot.text)
  self:write("start", self.session)
  self:set_term(server.term, server.vote)
  self:put_entries(snapshot.index + 1, (server.log:slice(snapshot.index + 1, math.huge)))
  if place then
    self.journal:retain(KEY, place)
  end
end

--- Waits until all that was written is durable; at once without a disk.
-- @raise when the disk fails: the server must not answer then
function Storage:sync()
  if self.journal then
    assert(self.journal:sync())
  end
end

return storage
