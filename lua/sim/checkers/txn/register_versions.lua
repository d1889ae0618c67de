--- What transactions over registers read and wrote, and what is known of the order of versions.
--
-- A micro-operation is {"r", key, value} or {"w", key, value}, and no value is written to a key
-- twice. The first read of a key that comes before the transaction's own writes shows what others
-- left there (an external read); the last write of a key is what it leaves to others.
--
-- Values do not tell which of two came first. Known is, as in Maelstrom's use of Elle: every
-- version comes after the initial one, and in a transaction that reads a key and then writes it,
-- what it wrote replaced what it had read. All other orders stay unknown.
-- @module sim.checkers.txn.register_versions

local graph = require "sim.checkers.graph"
local rivals = require "sim.checkers.txn.rivals"

local register_versions = { is_list = false }

-- Notes what a transaction that may have happened read and wrote. Returns its versions that it
-- overwrote itself, and those that it read although something else had to be there.
local function visit(book, txn, found)
  local expected, writes_at = {}, {} -- by key: the version there now; its place in txn.writes
  local overwritten, odd, seen = {}, {}, {}
  for _, op in ipairs(txn.ops) do
    local key = book:key(op[2])
    if op[1] ~= "r" then
      local version = book:version(key, op[3])
      if seen[version] then
        found:add("future-read", { txn = txn, version = version })
      end
      local at = writes_at[key]
      if at then
        overwritten[#overwritten + 1] = txn.writes[at]
      else
        at = #txn.writes + 1
        writes_at[key] = at
      end
      txn.writes[at] = version
      expected[key] = version
    elseif txn.is_ok then
      local version = book:version(key, op[3])
      seen[version] = true
      if not expected[key] then
        txn.reads[#txn.reads + 1] = version
      elseif expected[key] ~= version then
        if not odd[1] then
          found:add("internal", { txn = txn, op = op, expected = book.value_of[expected[key]] })
        end
        odd[#odd + 1] = version
      end
      expected[key] = version
    end
  end
  return overwritten, odd
end

-- What the transaction found under the key of a version that it wrote, or nil.
local function external_read(book, txn, written)
  local key = book.key_of[written]
  for _, version in ipairs(txn.reads) do
    if book.key_of[version] == key then
      return version
    end
  end
end

local function check_read(book, order, txn, version, found)
  if book.aborted[version] then
    found:add("G1a", { txn = txn, version = version, writer = book.aborted[version] })
  end
  local writer = order.overwritten[version]
  if writer and writer ~= txn then
    found:add("G1b", { txn = txn, version = version, writer = writer })
  end
  local is_known = writer or order.writer[version] or book.aborted[version]
  if not is_known and not book:is_initial(version) then
    order.unwritten[#order.unwritten + 1] = { txn = txn, version = version }
  end
end

-- Cycles among the versions of a key contradict themselves: what is known of it then is dropped.
local function drop_cycles(book, order, found)
  local versions = graph.new()
  for version = 1, #book.key_of do
    if order.previous[version] then
      versions:edge(order.previous[version], version, "next")
    end
  end
  local bad = {}
  for _, component in ipairs(versions:components()) do
    bad[book.key_of[component[1]]] = true
    found:add("cyclic-versions", { versions = component })
  end
  for version = 1, #book.key_of do
    if order.previous[version] and bad[book.key_of[version]] then
      order.previous[version] = nil
    end
  end
end

-- Every version that may have been there follows the one it replaced, and the initial one.
local function link(book, order)
  for version = 1, #book.key_of do
    if order.writer[version] then
      local initial, previous = book.initial[book.key_of[version]], order.previous[version]
      for _, before in ipairs({ initial, previous ~= initial and previous or nil }) do
        local successors = order.successors[before] or {}
        order.successors[before] = successors
        successors[#successors + 1] = version
      end
      order.previous[version] = previous or initial
    end
  end
end

--- Reads a history.
-- @tparam book book from sim.checkers.txn.transactions; reads and writes of its transactions are
--   filled in
-- @tparam found found internal, future-read, G1a, G1b, lost-update and cyclic-versions are added
-- @treturn table the order, by version
--
--   - writer: the id of the transaction that left it there; nil for the initial one
--   - readers: ids of the transactions whose external read shows it
--   - successors: versions that are known to come after it, with whatever may be between unknown
--   - previous: the latest version that is known to come before it
--   - unwritten: list of reads that show what nobody wrote, {txn, version}
function register_versions.read(book, found)
  local order = {
    writer = {}, readers = {}, successors = {}, previous = {}, overwritten = {}, unwritten = {},
  }
  local odd_reads = {}
  for id, txn in ipairs(book.list) do
    local overwritten, odd = visit(book, txn, found)
    odd_reads[id] = odd[1] and odd
    for _, version in ipairs(overwritten) do
      order.overwritten[version] = txn
    end
    for _, version in ipairs(txn.writes) do
      if order.writer[version] then
        error(("two transactions write %s to key %s"):format(tostring(book.value_of[version]),
          tostring(book.key_name[book.key_of[version]])))
      end
      order.writer[version] = id
    end
  end

  local updates_of = rivals.new()
  for id, txn in ipairs(book.list) do
    for _, version in ipairs(txn.reads) do
      check_read(book, order, txn, version, found)
      local readers = order.readers[version] or {}
      order.readers[version] = readers
      readers[#readers + 1] = id
    end
    for _, version in ipairs(odd_reads[id] or {}) do
      check_read(book, order, txn, version, found)
    end
    for _, version in ipairs(txn.writes) do
      local before = external_read(book, txn, version)
      if before then
        if before ~= version then
          order.previous[version] = before
        end
        updates_of:add(before, txn)
      end
    end
  end
  updates_of:report(found)
  drop_cycles(book, order, found)
  link(book, order)
  return order
end

return register_versions
