--- Anomalies in words: the transactions, what each did, and what is wrong with that.
-- @module sim.checkers.txn.explain

local format = require "sim.format"
local value = require "sim.checkers.value"

local explain = {}

local WIDTH = 300 -- columns that one transaction may take

local function text_of(v)
  local text = value.text(v)
  return text == "null" and "nothing" or text
end

-- A micro-operation: "r 7=3", "w 7=3", "append 7 3".
local function operation(op)
  local sign = op[1] == "append" and " " or "="
  return op[1] .. " " .. value.text(op[2]) .. sign .. text_of(op[3])
end

-- What a transaction did, in one line after its name.
local function describe(name, txn)
  local op, parts = txn.op, {}
  for i, micro in ipairs(txn.ops) do
    local is_known = op.outcome == "ok" or micro[1] ~= "r"
    parts[i] = is_known and operation(micro) or micro[1] .. " " .. value.text(micro[2])
  end
  local ended = { fail = ", which failed", ok = "" }
  return format.cut(("%s (process %s on %s, %s%s): %s"):format(name, tostring(op.process),
    tostring(op.node), format.seconds(op.invoke_us * 1000),
    ended[op.outcome or ""] or ", outcome unknown", table.concat(parts, ", ")), WIDTH)
end

-- A transaction as results have it, with Jepsen's names.
local function record(txn)
  local op = txn.op
  return {
    type = op.outcome or "info", f = "txn", value = txn.ops, process = op.process, node = op.node,
    index = op.complete_index, time = op.complete_us and op.complete_us * 1000,
  }
end

-- Names some transactions T1, T2, .. and returns the lines that describe them.
local function cast(txns)
  local lines, records = value.array({}), value.array({})
  for i, txn in ipairs(txns) do
    lines[i] = describe("T" .. i, txn)
    records[i] = record(txn)
  end
  return lines, records
end

local function version_text(book, version)
  return text_of(book.value_of[version])
end

local function key_text(book, version)
  return value.text(book.key_name[book.key_of[version]])
end

-- "7 = 3" of a register; "7 up to 3" of a list.
local function state_text(book, version, is_list)
  if book:is_initial(version) then
    return key_text(book, version) .. " before anything was written to it"
  end
  return key_text(book, version) .. (is_list and " up to " or " = ") .. version_text(book, version)
end

-- The two versions by which one transaction comes before another: of the second list one that is
-- next to, or the same as, one of the first.
local function versions_between(order, label, from, to)
  for _, version in ipairs(label == "rw" and from.reads or from.writes) do
    if label == "wr" then
      for _, read in ipairs(to.reads) do
        if read == version then
          return version
        end
      end
    else
      for _, successor in ipairs(order.successors[version] or {}) do
        if order.writer[successor] == to.id then
          return version, successor
        end
      end
    end
  end
end

local explanations = {}

function explanations.wr(book, is_list, a, b, version)
  return ("%s read %s, which %s %s"):format(b, state_text(book, version, is_list), a,
    is_list and "appended" or "wrote")
end

function explanations.ww(book, is_list, a, b, version, successor)
  if is_list then
    return ("%s appended %s to %s, and %s appended %s after it"):format(a,
      version_text(book, version), key_text(book, version), b, version_text(book, successor))
  end
  return ("%s wrote %s, which %s read and replaced by %s"):format(a, state_text(book, version), b,
    version_text(book, successor))
end

function explanations.rw(book, is_list, a, b, version, successor)
  local read = a .. " read " .. state_text(book, version, is_list)
  if is_list then
    return ("%s, and %s appended %s after that"):format(read, b, version_text(book, successor))
  elseif book:is_initial(version) then
    return ("%s, and %s wrote %s"):format(read, b, version_text(book, successor))
  end
  return ("%s, which %s read too and replaced by %s"):format(read, b, version_text(book, successor))
end

-- One step of a cycle: why the first comes before the second, and the same as data.
local function explain_step(context, label, from, to, a, b)
  if label == "order" then
    if context.seen_by == "process" then
      return ("process %s did %s before %s"):format(tostring(from.op.process), a, b),
        { type = "process", process = from.op.process }
    end
    local gap_us = to.op.invoke_us - from.op.complete_us
    return ("%s was complete %s before %s began"):format(a,
      gap_us > 0 and ("%.3f s"):format(gap_us / 1e6) or "just", b), { type = "realtime" }
  end
  local book = context.book
  local version, successor = versions_between(context.order, label, from, to)
  local text = explanations[label](book, context.is_list, a, b, version, successor)
  return text, {
    type = label, key = book.key_name[book.key_of[version]], value = book.value_of[version],
    ["value'"] = successor and book.value_of[successor],
  }
end

-- A cycle, from its earliest transaction on.
local function explain_cycle(context, case)
  local steps, first = case.steps, 1
  for i, step in ipairs(steps) do
    first = step.from < steps[first].from and i or first
  end
  local txns, labels = {}, {}
  for i = 1, #steps do
    local step = steps[(first + i - 2) % #steps + 1]
    txns[i], labels[i] = context.book.list[step.from], step.label
  end
  local lines, records = cast(txns)
  local data = value.array({})
  for i, label in ipairs(labels) do
    local at = i % #txns + 1
    local a, b = "T" .. i, "T" .. at
    local text
    text, data[i] = explain_step(context, label, txns[i], txns[at], a, b)
    lines[#lines + 1] = ("%s%s comes before %s: %s."):format(at == 1 and "But " or "", a, b, text)
  end
  records[#records + 1] = records[1]
  return { explanation = lines, cycle = records, steps = data, type = case.name }
end

-- The cases that are no cycles: each a function from context and case to the transactions that play
-- a part, and a sentence on T1, T2, ..
local sentences = {
  internal = function(_, case)
    local expected = case.expected
    if case.is_end then
      expected = "a list that ends with " .. text_of(expected)
    else
      expected = text_of(expected)
    end
    return { case.txn }, ("T1 read %s = %s; by what it did itself it had to be %s"):format(
      value.text(case.op[2]), text_of(case.op[3]), expected)
  end,
  ["future-read"] = function(context, case)
    local book = context.book
    return { case.txn }, ("T1 read %s of %s before it wrote that"):format(
      version_text(book, case.version), key_text(book, case.version))
  end,
  G1a = function(context, case)
    local book = context.book
    return { case.txn, case.writer }, ("T1 read %s of %s, which T2 was to write, but T2 failed")
      :format(version_text(book, case.version), key_text(book, case.version))
  end,
  G1b = function(context, case)
    local book = context.book
    return { case.txn, case.writer },
      ("T1 read %s of %s, which was not the last that T2 wrote to it"):format(
        version_text(book, case.version), key_text(book, case.version))
  end,
  ["lost-update"] = function(context, case)
    local names = {}
    for i = 1, #case.txns do
      names[i] = "T" .. i
    end
    local last = table.remove(names)
    return case.txns, ("%s and %s %s read %s and then wrote to it: all but one update is lost")
      :format(table.concat(names, ", "), last, names[2] and "all" or "both",
        state_text(context.book, case.version, context.is_list))
  end,
  ["cyclic-versions"] = function(context, case)
    local book, txns, values = context.book, {}, {}
    for i, version in ipairs(case.versions) do
      txns[i] = book.list[context.order.writer[version]]
      values[i] = version_text(book, version)
    end
    return txns, ("each of %s of %s replaced another one of them"):format(
      table.concat(values, ", "), key_text(book, case.versions[1]))
  end,
  ["duplicate-elements"] = function(context, case)
    return { case.txn }, ("T1 read %s twice in %s"):format(
      version_text(context.book, case.version), operation(case.op))
  end,
  ["incompatible-order"] = function(_, case)
    return { case.read.txn, case.longest.txn },
      ("T1's %s and T2's %s: neither list begins with the other"):format(operation(case.read.op),
        operation(case.longest.op))
  end,
  ["dirty-update"] = function(context, case)
    local book = context.book
    return { case.txn, case.writer }, ("T1 appended %s to %s on top of %s, which T2 was to append, "
      .. "but T2 failed"):format(version_text(book, case.later), key_text(book, case.later),
      version_text(book, case.version))
  end,
  ["unwritten-read"] = function(context, case)
    local book = context.book
    return { case.txn }, ("T1 read %s of %s, which nobody wrote"):format(
      version_text(book, case.version), key_text(book, case.version))
  end,
  ["cycle-search-timeout"] = function(_, case)
    return {}, ("gave up looking for %s among %d transactions that depend on each other"):format(
      case.class, case.size)
  end,
}

sentences["fractured-read"] = function(context, case)
  local book, is_list = context.book, context.is_list
  return { case.txn, case.writer },
    ("T1 read %s, which T2 wrote, but also %s, although T2 had written %s"):format(
      state_text(book, case.seen, is_list), state_text(book, case.missed, is_list),
      version_text(book, case.written))
end
sentences["non-monotonic-view"] = sentences["fractured-read"]

--- Describes a case of an anomaly.
-- @tparam table context `book`, `order`, `is_list`, and `seen_by` as given to
--   dependencies.build
-- @tparam string name of the anomaly
-- @tparam table case as it was found
-- @treturn table for results: `explanation`, lines in words; and for a cycle `cycle`, its
--   transactions, the first also as the last, and `steps`, why each comes before the next; for
--   anything else `txns`
function explain.case(context, name, case)
  if case.steps and case.steps[1] then
    return explain_cycle(context, case)
  end
  local txns, sentence = sentences[name](context, case)
  local lines, records = cast(txns)
  lines[#lines + 1] = sentence:sub(1, 1):upper() .. sentence:sub(2) .. "."
  return { explanation = lines, txns = records }
end

return explain
