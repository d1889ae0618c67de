--- What transactions over lists read and appended, and the order of versions that follows.
--
-- A micro-operation is {"r", key, list} or {"append", key, element}, and no element is appended to
-- a key twice. A version is what an append made, so its element stands for it, and a read that ends
-- with an element shows its version. The list itself tells the order: the longest that anyone read
-- of a key has all versions up to its last; what it lacks came later, in an order nobody saw.
-- @module sim.checkers.txn.list_versions

local rivals = require "sim.checkers.txn.rivals"
local transactions = require "sim.checkers.txn.transactions"
local value = require "sim.checkers.value"

local list_versions = { is_list = true }

local NOTHING = {}

-- The versions that a read lists.
local function versions_of(book, key, list)
  if transactions.is_null(list) then
    return NOTHING
  end
  local versions = {}
  for i, element in ipairs(list) do
    versions[i] = book:version(key, element)
  end
  return versions
end

-- Whether a read shows what its transaction must find: all of the expected versions, or where it
-- has not seen the beginning (`is_end`), a list that ends with them.
local function matches(versions, expected, is_end)
  local skipped = #versions - #expected
  if skipped < 0 or (skipped > 0 and not is_end) then
    return false
  end
  for i = #expected, 1, -1 do
    if versions[skipped + i] ~= expected[i] then
      return false
    end
  end
  return true
end

-- The elements behind a list of versions.
local function elements_of(book, versions)
  local elements = value.array({})
  for i, version in ipairs(versions) do
    elements[i] = book.value_of[version]
  end
  return elements
end

local function append_to(list, version)
  local longer = table.move(list, 1, #list, 1, {})
  longer[#longer + 1] = version
  return longer
end

-- Checks one read by itself and against who appended what. `done` are the transaction's appends so
-- far.
local function check_read(book, order, txn, read, done, found)
  local times, twice, from_future = {}, nil, nil
  local aborted
  for _, version in ipairs(read.versions) do
    twice = twice or (times[version] and version)
    times[version] = true
    if book.aborted[version] then
      aborted = aborted or version
    elseif not order.writer[version] then
      order.unwritten[#order.unwritten + 1] = { txn = txn, version = version }
      found:add("unwritten-read", { txn = txn, version = version })
    elseif order.writer[version] == txn.id and not done[version] then
      from_future = from_future or version
    end
  end
  if twice then
    found:add("duplicate-elements", { txn = txn, op = read.op, version = twice })
  end
  if aborted then
    found:add("G1a", { txn = txn, version = aborted, writer = book.aborted[aborted] })
  end
  if from_future then
    found:add("future-read", { txn = txn, version = from_future })
  end
  local last = read.versions[#read.versions]
  local writer = last and order.overwritten[last]
  if writer and writer ~= txn then
    found:add("G1b", { txn = txn, version = last, writer = writer })
  end
end

-- Goes through a transaction that happened. Returns its reads, and the keys that it read before it
-- appended to them with the version that it found.
local function visit(book, order, txn, found)
  local expected, is_end, done = {}, {}, {}
  local reads, updates = {}, {}
  local first, was_internal = {}, false -- by key: the version found before any own append
  for _, op in ipairs(txn.ops) do
    local key = book:key(op[2])
    if op[1] == "r" then
      local read = { txn = txn, op = op, key = key, versions = versions_of(book, key, op[3]) }
      reads[#reads + 1] = read
      check_read(book, order, txn, read, done, found)
      local known = expected[key]
      if known and not was_internal and not matches(read.versions, known, is_end[key]) then
        was_internal = true
        found:add("internal", { txn = txn, op = op, expected = elements_of(book, known),
          is_end = is_end[key] })
      end
      local shown = read.versions[#read.versions] or book.initial[key]
      if not known then
        first[key] = shown
      end
      if txn.reads[#txn.reads] ~= shown then
        txn.reads[#txn.reads + 1] = shown
      end
      expected[key], is_end[key] = read.versions, false
    else
      local version = book:version(key, op[3])
      if first[key] then
        updates[#updates + 1] = first[key]
        first[key] = nil
      end
      if not expected[key] then
        is_end[key] = true
      end
      expected[key] = append_to(expected[key] or NOTHING, version)
      done[version] = true
    end
  end
  return reads, updates
end

local function collect_appends(book, order, appends)
  for id, txn in ipairs(book.list) do
    local latest = {}
    for _, op in ipairs(txn.ops) do
      if op[1] ~= "r" then
        local key = book:key(op[2])
        local version = book:version(key, op[3])
        if order.writer[version] then
          error(("%s is appended to key %s twice"):format(tostring(op[3]), tostring(op[2])))
        end
        order.writer[version] = id
        txn.writes[#txn.writes + 1] = version
        appends[key] = appends[key] or {}
        table.insert(appends[key], version)
        if latest[key] then
          order.overwritten[latest[key]] = txn
        end
        latest[key] = version
      end
    end
  end
end

-- A committed append on top of an aborted one: the aborted one was used. Appends of which nobody
-- knows may be between.
local function check_updates(order, chain, book, found)
  local from -- where the aborted ones below the present version begin
  for i, version in ipairs(chain) do
    local writer = book.list[order.writer[version]]
    if book.aborted[version] then
      from = from or i
    elseif writer and writer.is_ok then
      if from then
        found:add("dirty-update", { version = chain[from], later = version,
          writer = book.aborted[chain[from]], txn = writer })
      end
      from = nil
    end
  end
end

-- The order of a key's versions: those of its longest read, each once, then those nobody read.
local function link(book, order, key, reads, appends, found)
  local longest
  for _, read in ipairs(reads) do
    if not longest or #read.versions > #longest.versions then
      longest = read
    end
  end
  local chain, place = {}, {}
  for _, version in ipairs(longest and longest.versions or NOTHING) do
    if not place[version] then
      chain[#chain + 1] = version
      place[version] = #chain
    end
  end
  for _, read in ipairs(reads) do
    local is_prefix = true
    for i, version in ipairs(read.versions) do
      is_prefix = is_prefix and longest.versions[i] == version
    end
    if not is_prefix then
      found:add("incompatible-order", { read = read, longest = longest })
      break
    end
  end
  check_updates(order, chain, book, found)
  local before = book.initial[key]
  for _, version in ipairs(chain) do
    order.successors[before] = { version }
    order.previous[version] = before
    before = version
  end
  local later = {}
  for _, version in ipairs(appends) do
    if not place[version] then
      later[#later + 1] = version
      order.previous[version] = before
    end
  end
  if later[1] then
    order.successors[before] = later
  end
end

--- Reads a history.
-- @tparam book book from sim.checkers.txn.transactions; reads and writes of its transactions are
--   filled in
-- @tparam found found internal, future-read, G1a, G1b, lost-update, duplicate-elements,
--   incompatible-order, dirty-update and unwritten-read are added
-- @treturn table the order, as from sim.checkers.txn.register_versions
function list_versions.read(book, found)
  local order = {
    writer = {}, readers = {}, successors = {}, previous = {}, overwritten = {}, unwritten = {},
  }
  local appends, reads_of = {}, {}
  collect_appends(book, order, appends)
  local updates_of = rivals.new()
  for id, txn in ipairs(book.list) do
    if txn.is_ok then
      local reads, updates = visit(book, order, txn, found)
      for _, read in ipairs(reads) do
        reads_of[read.key] = reads_of[read.key] or {}
        table.insert(reads_of[read.key], read)
      end
      for _, version in ipairs(txn.reads) do
        order.readers[version] = order.readers[version] or {}
        table.insert(order.readers[version], id)
      end
      for _, version in ipairs(updates) do
        updates_of:add(version, txn)
      end
    end
  end
  updates_of:report(found)
  for key = 1, #book.key_name do
    link(book, order, key, reads_of[key] or NOTHING, appends[key] or NOTHING, found)
  end
  return order
end

return list_versions
