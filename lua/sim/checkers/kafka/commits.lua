--- What may be wrong with committed offsets. Maelstrom does not look at them.
--
--   committed-above      a key's committed offset is listed beyond what anybody had asked to
--                        commit. A consumer that begins there would miss messages. One more than
--                        that is right: some nodes list the last message done with, others the
--                        next one
--   committed-backwards  a node listed an offset, and later a lower one or none, which it cannot
--                        have taken in between
--
-- A node may keep the highest offset that it was asked to commit, or the latest; and nodes may
-- hear of each other's late. So an offset below one that was listed is excused when a commit of
-- it, or of a lower one, may have come after the first commit that explains what was listed. And
-- only lists of one node are compared.
--
-- A poll commits what it showed before it ends, so its beginning and its end stand for those of
-- the commit; one that did not end well may commit at any time.
-- @module sim.checkers.kafka.commits

local commits = {}

local function is_ok_list(op)
  return op.f == "assign" and op.outcome == "ok" and not op.value.seek_to_beginning
end

-- Key to the commits of it, a list of {offset, from, to}: when it may have come, as indices.
local function collect(history)
  local by_key, count = {}, 0
  for _, op in ipairs(history) do
    for key, offset in pairs(op.commit or {}) do
      by_key[key] = by_key[key] or {}
      table.insert(by_key[key], {
        offset = offset,
        from = op.invoke_index,
        to = op.outcome == "ok" and op.complete_index or math.huge,
      })
      count = count + 1
    end
  end
  return by_key, count
end

-- The earliest beginning of a commit that explains that an offset is listed, and the highest
-- offset that had been asked for before an event.
local function explain(list, offset, before)
  local earliest, highest = math.huge, nil
  for _, commit in ipairs(list) do
    if commit.from < before then
      highest = math.max(highest or commit.offset, commit.offset)
      if commit.offset >= offset - 1 then
        earliest = math.min(earliest, commit.from)
      end
    end
  end
  return earliest, highest
end

local function may_follow(list, offset, since, before)
  for _, commit in ipairs(list) do
    if commit.offset <= offset and commit.from < before and commit.to > since then
      return true
    end
  end
  return false
end

local function judge_key(list_op, key, offset, before, list, errors)
  if offset then
    local earliest, highest = explain(list, offset, list_op.complete_index)
    if earliest == math.huge then
      errors:add("committed-above", {
        key = key, offset = offset, committed = highest, op = list_op, at = list_op,
        weight = offset - (highest or 0),
      })
      return
    end
  end
  if before and (not offset or offset < before.offset) then
    local since = explain(list, before.offset, before.op.complete_index)
    if not (offset and may_follow(list, offset, since, list_op.complete_index)) then
      errors:add("committed-backwards", {
        key = key, offset = offset, before = before.offset, ops = { before.op, list_op },
        at = list_op, weight = before.offset - (offset or -1),
      })
    end
  end
end

--- Finds them.
-- @tparam {operation,...} history
-- @tparam errors errors takes each, see sim.checkers.kafka
-- @treturn integer how many offsets were committed
-- @treturn integer how many were listed
function commits.judge(history, errors)
  local by_key, commit_count = collect(history)
  local lists = {}
  for _, op in ipairs(history) do
    if is_ok_list(op) then
      lists[#lists + 1] = op
    end
  end
  -- The lists once more, as they ended: what ended before a list began is there to compare with.
  local ended = table.move(lists, 1, #lists, 1, {})
  table.sort(ended, function(a, b) return a.complete_index < b.complete_index end)
  local next_ended, listed_count, highest = 1, 0, {}
  for _, op in ipairs(lists) do
    while ended[next_ended] and ended[next_ended].complete_index < op.invoke_index do
      local earlier = ended[next_ended]
      local of_node = highest[earlier.node] or {}
      highest[earlier.node] = of_node
      for key, offset in pairs(earlier.result) do
        if not of_node[key] or of_node[key].offset < offset then
          of_node[key] = { offset = offset, op = earlier }
        end
      end
      next_ended = next_ended + 1
    end
    local keys = table.move(op.value.keys, 1, #op.value.keys, 1, {})
    table.sort(keys)
    for _, key in ipairs(keys) do
      listed_count = listed_count + (op.result[key] and 1 or 0)
      local before = highest[op.node] and highest[op.node][key]
      judge_key(op, key, op.result[key], before, by_key[key] or {}, errors)
    end
  end
  return commit_count, listed_count
end

return commits
