--- Whether transactions become visible as a whole: a transaction that sees a write of another must
-- not see of its other keys what was there before.
-- @module sim.checkers.txn.views

local views = {}

-- Whether a version is known to have been there before another one of the same key.
local function is_before(order, earlier, later)
  local version = order.previous[later]
  while version and version ~= earlier do
    version = order.previous[version]
  end
  return version == earlier
end

-- The reads of a transaction whose version is older than what a writer left there. Adds the case to
-- non-monotonic-view where it read that after it had seen the writer, else to fractured-read.
local function check(book, order, txn, at, found)
  local seen = txn.reads[at]
  local writer = book.list[order.writer[seen]]
  if not writer or writer == txn then
    return
  end
  for _, written in ipairs(writer.writes) do
    for i, missed in ipairs(txn.reads) do
      if book.key_of[missed] == book.key_of[written] and book.key_of[missed] ~= book.key_of[seen]
        and is_before(order, missed, written) then
        local name = i > at and "non-monotonic-view" or "fractured-read"
        found:add(name, { txn = txn, writer = writer, seen = seen, missed = missed,
          written = written })
        return
      end
    end
  end
end

--- Looks for transactions that were seen in part.
-- @tparam book book from sim.checkers.txn.transactions
-- @tparam table order from register_versions or list_versions
-- @tparam found found non-monotonic-view and fractured-read are added
function views.find(book, order, found)
  for _, txn in ipairs(book.list) do
    for at = 1, #txn.reads do
      check(book, order, txn, at, found)
    end
  end
end

return views
