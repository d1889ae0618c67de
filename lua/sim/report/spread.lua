--- How values spread: which messages carried which value to whom, from the journal of a run whose
-- clients hand out integers that are to come to every node (broadcast, g-set).
--
-- Nobody tells the bench in which field a node's messages carry values: it may be any, at any
-- depth, and beside it stand counters that look the same. So it is found out. A field of a type of
-- message, such as `values` in `hub_down`, carries values unless one of three things speaks
-- against it:
--
--   - a number in it is no value that its sender could know by then: causality, which one message
--     is enough to break. Message ids, versions and clocks fall here, mostly at once;
--   - more than a tenth of the values that came to a node in it, new to the node, are missing in
--     the first read that the node was asked for afterwards (unless it was started again in
--     between). Digests and offsets fall here: what stands in them is known to the sender only;
--   - it brought less than a hundredth of the news that another field brought. A counter that is
--     always behind falls here, such as one that is 0 for long.
--
-- What a node knows is what such fields brought it, what clients gave it, and what its reads
-- returned, which shows values that came in a way this cannot see (in ranges, compressed). As a
-- field that falls has been taken for knowledge before, the journal is read again until none falls;
-- first its beginning only, where most do.
--
-- A node learned a value when the first message that carried it arrived there, or, when a read
-- shows it earlier, when that was answered.
--
-- Cost: about 40 ns for each integer in each message and read, mostly once; 1 s for 100,000
-- messages.
-- @module sim.report.spread

local columns = require "sim.report.columns"
local journal = require "sim.report.journal"
local json = require "hearsay.json"

local ADDS = { broadcast = "message", add = "element" } -- requests, and the field with the value
local READS = { messages = true, value = true } -- fields of read_ok that have all values
local ENVELOPE = { type = true, msg_id = true, in_reply_to = true } -- the same in every protocol
local REFUTED = 0.1 -- the part of the values tested from which on a field carries none
local CHANCE = 0.01 -- the part of what the best field taught below which a field taught nothing
local ROOM = 150000 -- messages that are listed over all values
local CROWD = 256 -- values in a message from which on those that its receiver knows are not listed
local START = 500000 -- bytes of a journal in which fields are tried first
local SLOWEST = 100 -- values that are kept in any case when there are too many

local Pass = {}
Pass.__index = Pass

-- The fields of bodies are a tree: below each type its fields, and so on; "[]" is any element.
-- Numbers in names are left out, since keys such as "n17" are many fields in one.
function Pass:child(field, key)
  local found = field.children[key]
  if not found then
    local name = key == "[]" and field.name or field.name .. " " .. key:gsub("%d+", "#")
    found = self.by_name[name] or { name = name, children = {}, is_bad = self.bad[name],
      taught = 0, tested = 0, refuted = 0 }
    self.by_name[name], field.children[key] = found, found
  end
  return found
end

-- Adds the integers in a value to a list of {field, integers}, but for those of bad fields.
function Pass:walk(value, field, list)
  local integers
  if json.is_array(value) then
    local inner = self:child(field, "[]")
    for _, element in ipairs(value) do
      if math.type(element) == "integer" then
        integers = integers or {}
        integers[#integers + 1] = element
      elseif type(element) == "table" then
        self:walk(element, inner, list)
      end
    end
  elseif type(value) == "table" then
    for key, element in pairs(value) do
      self:walk(element, self:child(field, key), list)
    end
  elseif math.type(value) == "integer" and not field.is_bad then
    integers = { value }
  end
  if integers and not field.is_bad then
    list[#list + 1] = { field = field, integers = integers }
  end
end

-- `bad` is the set of the names of fields that have fallen; it grows.
local function new_pass(servers, bad)
  local self = setmetatable({
    servers = {}, bad = bad, by_type = {}, by_name = {}, known = {}, pending = {}, asked = {},
    under_way = {}, list = {}, entries = {}, is_dirty = false,
  }, Pass)
  for _, id in ipairs(servers) do
    self.servers[id], self.known[id], self.pending[id] = true, {}, { first = 1, last = 0 }
  end
  self.most = 32 * #servers
  return self
end

function Pass:condemn(field)
  field.is_bad, self.bad[field.name], self.is_dirty = true, true, true
end

local function by_length(a, b)
  if #a.integers ~= #b.integers then
    return #a.integers > #b.integers
  end
  return a.field.name < b.field.name
end

-- The integers of a body, by field, but for msg_id and the like. Longest lists come first: where a
-- counter beside the values happens to be one of them, it is the values that bring it.
function Pass:fields_of(body)
  local list, root = {}, self.by_type[body.type] or { name = body.type, children = {} }
  self.by_type[body.type] = root
  for key, value in pairs(body) do
    if not ENVELOPE[key] then
      self:walk(value, self:child(root, key), list)
    end
  end
  if list[2] then
    table.sort(list, by_length)
  end
  return list
end

-- A node has a value now, which it had not: by the message at this place.
function Pass:learn(id, value, place, now)
  local entry = self.entries[value]
  self.known[id][value] = 0
  entry.firsts[#entry.firsts + 1], entry.last_us = place, now
end

local function carry(entry, place)
  local carriers = entry.carriers
  if carriers[#carriers] ~= place then
    carriers[#carriers + 1] = place
  end
end

-- A client hands out a value.
function Pass:add(value, place, now)
  if not self.entries[value] then
    self.entries[value] = { value = value, start_us = now, last_us = now, firsts = {},
      carriers = {} }
    self.list[#self.list + 1] = self.entries[value]
  end
  carry(self.entries[value], place)
end

function Pass:send_between(message, place)
  local known, hearer = self.known[message.src], self.known[message.dest]
  local fields = self:fields_of(message.body)
  self.under_way[place] = fields[1] and fields
  for _, found in ipairs(fields) do
    local is_known, integers = true, found.integers
    for _, value in ipairs(integers) do
      is_known = is_known and known[value]
    end
    if not is_known then
      self:condemn(found.field)
    end
    for _, value in ipairs(is_known and integers or {}) do
      local entry = self.entries[value]
      if not hearer[value] or (#integers <= CROWD and #entry.carriers < self.most) then
        carry(entry, place)
      end
    end
  end
end

function Pass:receive_between(message, place, now)
  local id = message.dest
  local known, pending = self.known[id], self.pending[id]
  local fields = self.under_way[place] -- none where it was received before
  self.under_way[place] = nil
  for _, found in ipairs(fields or {}) do
    for _, value in ipairs(found.integers) do
      if not known[value] and self.entries[value] then
        self:learn(id, value, place, now)
        found.field.taught = found.field.taught + 1
        pending.last = pending.last + 1
        pending[pending.last] = { field = found.field, value = value }
      end
    end
  end
end

-- A node answers a read. What came to it before it was asked must be there.
function Pass:answer(message, place, now)
  local id = message.src
  local known, pending = self.known[id], self.pending[id]
  for name in pairs(READS) do
    local list = message.body[name]
    if json.is_array(list) then
      for _, value in ipairs(list) do
        if not known[value] and self.entries[value] then
          carry(self.entries[value], place)
          self:learn(id, value, place, now)
        end
        known[value] = known[value] and place
      end
      for at = pending.first, self.asked[message.dest .. " " .. id] or 0 do
        local test = pending[at]
        test.field.tested = test.field.tested + 1
        if known[test.value] ~= place then
          test.field.refuted = test.field.refuted + 1
        end
        pending[at], pending.first = nil, at + 1
      end
    end
  end
end

-- A client's message comes to a node.
function Pass:receive_request(message, place, now)
  local id, body = message.dest, message.body
  local pending, value = self.pending[id], body[ADDS[body.type]]
  if body.type == "init" then -- it has started again, and may have forgotten
    pending.first, pending.last = pending.last + 1, pending.last
  elseif body.type == "read" then
    self.asked[message.src .. " " .. id] = pending.last
  elseif math.type(value) == "integer" and not self.known[id][value] then
    self:learn(id, value, place, now)
  end
end

function Pass:visit(line, place)
  local message, now = line.message, line.time
  local from_server, to_server = self.servers[message.src], self.servers[message.dest]
  local body = message.body
  if line.event == "send" then
    if from_server and to_server then
      self:send_between(message, place)
    elseif from_server and body.type == "read_ok" then
      self:answer(message, place, now)
    elseif to_server and math.type(body[ADDS[body.type]]) == "integer" then
      self:add(body[ADDS[body.type]], place, now)
    end
  elseif to_server and from_server then
    self:receive_between(message, place, now)
  elseif to_server then
    self:receive_request(message, place, now)
  end
end

-- Fields fall that reads speak against, and those that taught next to nothing.
function Pass:judge()
  local most = 0
  for _, field in pairs(self.by_name) do
    most = math.max(most, field.taught)
  end
  for _, field in pairs(self.by_name) do
    if field.refuted > field.tested * REFUTED or field.taught < most * CHANCE then
      if field.taught > 0 then
        self:condemn(field)
      end
    end
  end
end

-- Which values are listed when there are too many: the slowest, and every so-and-so-many-th.
local function choose(list, by_time, limit)
  local is_kept = {}
  for i = 1, math.min(SLOWEST, limit) do
    is_kept[by_time[i] or 0] = true
  end
  local step = #list <= limit and 1 or math.ceil(#list / math.max(1, limit - SLOWEST))
  for i = 1, #list, step do
    is_kept[list[i]] = true
  end
  return is_kept
end

-- The columns. All messages that carried a value are listed, for the slowest values first, while
-- there is room; for the others those only that taught a node.
local function export(pass, server_count, room)
  local by_time = table.move(pass.list, 1, #pass.list, 1, {})
  for i, entry in ipairs(by_time) do
    entry.order = i
  end
  table.sort(by_time, function(a, b)
    local a_missing, b_missing = server_count - #a.firsts, server_count - #b.firsts
    local a_us, b_us = a.last_us - a.start_us, b.last_us - b.start_us
    if a_missing ~= b_missing then
      return a_missing > b_missing
    elseif a_us ~= b_us then
      return a_us > b_us
    end
    return a.order < b.order
  end)
  local is_kept = choose(pass.list, by_time, room // math.max(1, server_count))
  for _, entry in ipairs(by_time) do
    room = room - (is_kept[entry] and #entry.firsts or 0)
  end
  for _, entry in ipairs(by_time) do
    if is_kept[entry] then
      local more = #entry.carriers - #entry.firsts
      entry.is_full = more <= room
      room = room - (entry.is_full and more or 0)
    end
  end
  local out = {
    values = json.array({}), carriers = json.array({}), firsts_only = json.array({}),
    fields = json.array({}), total = #pass.list,
  }
  for _, entry in ipairs(pass.list) do
    if is_kept[entry] then
      table.sort(entry.firsts)
      out.values[#out.values + 1] = entry.value
      out.carriers[#out.carriers + 1] = columns.differences(entry.is_full and entry.carriers
        or entry.firsts)
      if not entry.is_full then
        table.insert(out.firsts_only, #out.values - 1)
      end
    end
  end
  for name, field in pairs(pass.by_name) do
    out.fields[#out.fields + 1] = field.taught > 0 and name or nil
  end
  table.sort(out.fields)
  return out
end

local spread = {}

--- Finds out how values spread.
-- @tparam string text of messages.jsonl, which has been read once already and is in order
-- @tparam {string,...} servers their ids
-- @tparam[opt=150000] integer room how many messages are listed at most, over all values
-- @treturn table `values`, those that are listed, in the order in which clients sent them;
--   `carriers`, for each of them the messages that carried it, as differences; `firsts_only`, the
--   places in `values` of those where only messages are listed that taught a node; `fields`, in
--   which values came, such as "hub_down values"; `total`, how many values there were. Nil when
--   there were none
function spread.read(text, servers, room)
  local bad, start = {}, text:sub(1, text:find("\n", START, true) or #text)
  local function pass_over(lines)
    local pass = new_pass(servers, bad)
    journal.again(lines, function(event, place)
      pass:visit(event, place)
    end)
    return pass
  end
  while pass_over(start).is_dirty do end
  while true do
    local pass = pass_over(text)
    pass:judge()
    if not pass.is_dirty then
      return pass.list[1] and export(pass, #servers, room or ROOM) or nil
    end
  end
end

return spread
