-- What the transaction checkers return: verdict, names, cases in words.

local history = dofile("tests/lua/history.lua")
local results = require "sim.results"
local txn = require "sim.checkers.txn"
local txns = dofile("tests/lua/txn_history.lua")
local value = require "sim.checkers.value"
local words = require "sim.words"

local function list(array)
  return table.concat(array, " ")
end

-- The first case of an anomaly, in words.
local function explanation(kind, name, text, model)
  local cases = txns.check(kind, text, model or "strict-serializable").anomalies[name]
  return table.concat(assert(cases, "no " .. name)[1].explanation, "\n")
end

describe("the transaction checker", function()
  it("has Elle's keys", function()
    local result = txns.check("registers", "rx_ wy1 \n ry_ wx1 \n rx1 | fail \n wz1 | info",
      "serializable", "read-atomic")
    assert.is_false(result["valid?"])
    assert.equal("G2-item", list(result["anomaly-types"]))
    assert.same({ ["G2-item"] = 1 }, result["anomaly-counts"])
    assert.equal("repeatable-read", list(result["not"]))
    assert.equal("serializable strict-serializable strong-session-serializable",
      list(result["also-not"]))
    assert.equal("serializable read-atomic", list(result["consistency-models"]))
    assert.same({ 2, 1, 1 }, { result["ok-count"], result["fail-count"], result["info-count"] })
    local case = result.anomalies["G2-item"][1]
    assert.same({ 3, "ok", 100, 101, 100 }, { #case.cycle, case.cycle[1].type,
      case.cycle[1].process, case.cycle[2].process, case.cycle[3].process })
    assert.same({ { type = "rw", key = "x", ["value'"] = 1 }, { type = "rw", key = "y",
      ["value'"] = 1 } }, { case.steps[1], case.steps[2] })
  end)

  it("is valid where nothing is found, and says what else was seen", function()
    local result = txns.check("registers", "rx_ wy1 \n ry_ wx1", "snapshot-isolation")
    assert.is_true(result["valid?"])
    assert.equal("", list(result["anomaly-types"]))
    assert.same({}, result.anomalies)
    assert.equal("repeatable-read", list(result["not"]))
    result = txns.check("registers", "wx1 \n rx1", "strict-serializable")
    assert.same({ "", "" }, { list(result["not"]), list(result["also-not"]) })
  end)

  it("takes strict-serializable where no model is asked for", function()
    local ops = txns.history("registers", "wx1 | 1-2 p1 \n rx_ | 3-4 p2")
    local versions = require "sim.checkers.txn.register_versions"
    for _, options in ipairs({ false, {} }) do
      local result = txn.check(ops, options or nil, versions)
      assert.equal("G-single-realtime", list(result["anomaly-types"]))
    end
  end)

  it("is unknown where nothing depends on anything", function()
    for _, text in ipairs({ "", "wx1", "wx1 \n wy1", "wx1 | fail \n wx2", "rx? | info \n wy1" }) do
      local result = txns.check("registers", text, "strict-serializable")
      assert.equal("unknown", result["valid?"], text)
      assert.equal("empty-transaction-graph", list(result["anomaly-types"]))
      assert.same({ ["empty-transaction-graph"] = {} }, result.anomalies)
      assert.equal("", list(result["not"]))
    end
    assert.is_true(txns.check("registers", "rx_ \n wx1", "strict-serializable")["valid?"])
    assert.is_false(txns.check("registers", "wx1 rx2", "read-atomic")["valid?"])
  end)

  it("is unknown when two transactions write the same value", function()
    for kind, text in pairs({ registers = "wx1 \n wx1", lists = "ax1 \n ax1" }) do
      assert.has_error(function() txns.check(kind, text, "serializable") end)
    end
  end)

  it("passes over other operations", function()
    local h = history.new()
    h:did(1, "n1", "read", nil, { 1 })
    local result = txn.check(h.ops, {}, require "sim.checkers.txn.list_versions")
    assert.same({ "unknown", 0 }, { result["valid?"], result["ok-count"] })
  end)

  it("tells values apart as JSON does", function()
    local function op(index, value_written, value_read)
      return { f = "txn", process = index, node = "n1", outcome = "ok", invoke_us = index,
        complete_us = index + 1, invoke_index = index, complete_index = index + 1,
        value = { value_written and { "w", "x", value_written } or { "r", "x" } },
        result = { value_written and { "w", "x", value_written } or { "r", "x", value_read } } }
    end
    local versions = require "sim.checkers.txn.register_versions"
    for _, read in ipairs({ 1.0, "1", { 1 } }) do
      local result = txn.check({ op(1, 1), op(3, nil, read) }, {}, versions)
      assert.equal(1, result["unwritten-count"])
      assert.same(read, result.unwritten[1].value)
    end
    assert.equal(0, txn.check({ op(1, 1.5), op(3, nil, 1.5) }, {}, versions)["unwritten-count"])
  end)

  it("names what is wrong once", function()
    local function found(kind, text)
      local result = txns.check(kind, text, "read-atomic")
      local counts = {}
      for i, name in ipairs(result["anomaly-types"]) do
        counts[i] = name .. " " .. result["anomaly-counts"][name]
      end
      return table.concat(counts, ", ")
    end
    assert.equal("internal 1", found("registers", "wx1 wx2 rx1 wy1 \n ry1"))
    assert.equal("internal 1", found("registers", "wx1 rx2 rx3 wy1 \n ry1 wx2 \n wx3"))
    assert.equal("G1b 1", found("lists", "ax1 ax2 ay1 \n rx1 \n ry1"))
    assert.equal("G1a 1, dirty-update 1", found("lists", "ax1 | fail \n ax2 \n ax3 \n rx123"))
    assert.equal("G1a 1", found("lists", "ax1 | fail \n ax2 | fail \n rx12 ry1 \n ay1"))
  end)

  it("only notes that registers showed what nobody wrote", function()
    local result = txns.check("registers", "rx7 wy1 \n ry1", "strict-serializable")
    assert.is_true(result["valid?"])
    assert.same({ 1, { { key = "x", value = 7, node = "n100",
      time = 1000000000000 } } },
      { result["unwritten-count"], { table.unpack(result.unwritten) } })
  end)

  it("keeps eight cases of an anomaly, and counts all", function()
    local lines = {}
    for i = 1, 20 do
      local from = i * 10
      lines[i] = ("wx%d | %d-%d p1 \n rx_ | %d-%d p2"):format(i, from, from + 1, from + 2, from + 3)
    end
    local result = txns.check("registers", table.concat(lines, "\n") .. "\n ra1 | 300-301 \n wa1"
      .. "\n rx1 rx2 | 300-301 \n" .. ("rx1 rx2 | 300-301 \n"):rep(9), "strict-serializable")
    assert.equal(10, result["anomaly-counts"].internal)
    assert.equal(8, #result.anomalies.internal)
  end)

  it("shows the shortest cycle of each name, and the shortest of all first", function()
    local result = txns.check("registers",
      "wa1 rb1 \n wb1 rc1 \n wc1 ra1 \n wx1 ry1 \n wy1 rz1 rx1 \n wz1", "read-committed")
    assert.equal("G1c", list(result["anomaly-types"]))
    assert.equal(2, result["anomaly-counts"].G1c)
    assert.same({ 3, 4 }, { #result.anomalies.G1c[1].cycle, #result.anomalies.G1c[2].cycle })
    -- A long way round beside the short one.
    result = txns.check("registers", "wa1 rb1 \n wb1 rc1 ra1 \n wc1 ra1", "read-committed")
    assert.same({ 1, 3 }, { #result.anomalies.G1c, #result.anomalies.G1c[1].cycle })
    -- A circle of three and one of four share a transaction, wherever they come in the history.
    local short, long = "wb1 ra1 \n wc1 rb1", "wd1 ra1 \n we1 rd1 \n wf1 re1"
    for _, text in ipairs({ "wa1 rc1 rf1 \n" .. short .. "\n" .. long,
      long .. "\n" .. short .. "\n wa1 rc1 rf1" }) do
      result = txns.check("registers", text, "read-committed")
      assert.same({ 1, 4 }, { #result.anomalies.G1c, #result.anomalies.G1c[1].cycle })
    end
  end)

  it("gives the same text for the same history", function()
    local function text()
      return results.encode(txns.check("lists",
        "ax1 ay1 \n ax2 ay2 ry_ \n rx12 ry21 \n rz1 \n az1 au1 \n ru_ rz1", "strict-serializable"))
    end
    assert.equal(text(), text())
  end)

  describe("explains", function()
    it("cycles over registers", function()
      assert.equal([[
T1 (process 100 on n100, 0.000 s): r "x"=nothing, w "y"=1
T2 (process 101 on n101, 0.000 s): r "y"=nothing, w "x"=1
T1 comes before T2: T1 read "x" before anything was written to it, and T2 wrote 1.
But T2 comes before T1: T2 read "y" before anything was written to it, and T1 wrote 1.]],
        explanation("registers", "G2-item", "rx_ wy1 \n ry_ wx1"))
      assert.equal([[
T1 (process 100 on n100, 0.000 s): r "y"=1, w "x"=1, w "y"=2
T2 (process 101 on n101, 0.000 s): r "x"=1, r "y"=1
T1 comes before T2: T2 read "x" = 1, which T1 wrote.
But T2 comes before T1: T2 read "y" = 1, which T1 read too and replaced by 2.]],
        explanation("registers", "G-single", "ry1 wx1 wy2 \n rx1 ry1 \n wy1"))
      assert.equal([[
T1 (process 1 on n1, 0.001 s): r "x"=1, w "x"=2
T2 (process 2 on n2, 0.003 s): w "x"=1
T1 comes before T2: T1 was complete 0.001 s before T2 began.
But T2 comes before T1: T2 wrote "x" = 1, which T1 read and replaced by 2.]],
        explanation("registers", "G0-realtime", "rx1 wx2 | 1-2 p1 \n wx1 | 3-4 p2"))
    end)

    it("cycles over lists", function()
      assert.equal([[
T1 (process 100 on n100, 0.000 s): append "x" 1, r "y"=[1]
T2 (process 101 on n101, 0.000 s, outcome unknown): append "x" 2, append "y" 1
T1 comes before T2: T1 appended 1 to "x", and T2 appended 2 after it.
But T2 comes before T1: T1 read "y" up to 1, which T2 appended.]],
        explanation("lists", "G1c", "ax1 ry1 \n ax2 ay1 | info \n rx12"))
      assert.equal([[
T1 (process 1 on n1, 0.003 s): append "x" 2
T2 (process 1 on n1, 0.005 s): r "x"=[1]
T1 comes before T2: process 1 did T1 before T2.
But T2 comes before T1: T2 read "x" up to 1, and T1 appended 2 after that.]],
        explanation("lists", "G-single-process",
          "ax1 | 1-2 p0 \n ax2 | 3-4 p1 \n rx1 | 5-6 p1 \n rx12 | 7-8 p2",
          "strong-session-serializable"))
    end)

    for _, case in ipairs({
      { "registers", "G1a", "wx1 | fail \n rx1",
        'T1 read 1 of "x", which T2 was to write, but T2 failed.' },
      { "registers", "G1b", "wx1 wx2 \n rx1",
        'T1 read 1 of "x", which was not the last that T2 wrote to it.' },
      { "registers", "internal", "wx1 rx2 \n wx2",
        'T1 read "x" = 2; by what it did itself it had to be 1.' },
      { "registers", "internal", "rx_ rx2 \n wx2",
        'T1 read "x" = 2; by what it did itself it had to be nothing.' },
      { "lists", "internal", "ax3 rx4 \n ax4",
        'T1 read "x" = [4]; by what it did itself it had to be a list that ends with [3].' },
      { "lists", "internal", "rx4 ax3 rx4 \n ax4",
        'T1 read "x" = [4]; by what it did itself it had to be [4,3].' },
      { "registers", "future-read", "rx1 wx1", 'T1 read 1 of "x" before it wrote that.' },
      { "registers", "lost-update", "rx_ wx1 \n rx_ wx2",
        'T1 and T2 both read "x" before anything was written to it and then wrote to it: '
          .. "all but one update is lost." },
      { "lists", "lost-update", "ax1 \n rx1 ax2 \n rx1 ax3 \n rx1 ax4",
        'T1, T2 and T3 all read "x" up to 1 and then wrote to it: all but one update is lost.' },
      { "registers", "cyclic-versions", "rx1 wx2 \n rx2 wx1",
        'Each of 2, 1 of "x" replaced another one of them.' },
      { "lists", "duplicate-elements", "ax1 \n rx11", 'T1 read 1 twice in r "x"=[1,1].' },
      { "lists", "incompatible-order", "ax1 \n ax2 \n rx2 \n rx12",
        'T1\'s r "x"=[2] and T2\'s r "x"=[1,2]: neither list begins with the other.' },
      { "lists", "dirty-update", "ax1 | fail \n ax2 \n rx12",
        'T1 appended 2 to "x" on top of 1, which T2 was to append, but T2 failed.' },
      { "lists", "unwritten-read", "rx1", 'T1 read 1 of "x", which nobody wrote.' },
    }) do
      local kind, name, text, sentence = table.unpack(case)
      it(name .. " over " .. kind .. ": " .. sentence, function()
        local lines = explanation(kind, name, text)
        assert.equal(sentence, lines:match("[^\n]*$"))
        assert.matches("^T1 %(process", lines)
      end)
    end

    it("views that are torn", function()
      assert.equal([[
T1 (process 101 on n101, 0.000 s): r "x"=1, r "y"=nothing
T2 (process 100 on n100, 0.000 s): w "x"=1, w "y"=1
T1 read "x" = 1, which T2 wrote, but also "y" before anything was written to it, ]]
        .. "although T2 had written 1.",
        explanation("registers", "non-monotonic-view", "wx1 wy1 \n rx1 ry_", "read-atomic"))
    end)

    it("in results.json", function()
      local result = txns.check("lists", "ax1 | fail \n ax2 \n rx12 \n rx1 ry_ \n ay1 ax3",
        "strict-serializable")
      assert.matches('"explanation": %[', results.encode(result))
      assert.is_true(value.is_array(result.anomalies.G1a[1].txns))
    end)
  end)

  it("gives a search up, and says so", function()
    local cycles = require "sim.checkers.txn.cycles"
    local graph = require "sim.checkers.graph"
    local found = require("sim.checkers.txn.found").new()
    -- Write skew of two, and beside it a G-single that takes a search.
    local g = graph.new()
    g:edge(1, 2, "rw")
    g:edge(2, 1, "rw")
    for i = 3, 300 do
      g:edge(2, i, "wr")
      g:edge(i, 301, "wr")
    end
    g:edge(301, 2, "rw")
    cycles.find(g, 301, { budget = 0 }, found)
    assert.same({ ["cycle-search-timeout"] = 1, ["G2-item"] = 1 }, found.count)
    found = require("sim.checkers.txn.found").new()
    cycles.find(g, 301, {}, found)
    assert.same({ ["G-single"] = 1 }, found.count)
  end)
end)

describe("the screen", function()
  local function page_of(result)
    local rows = {}
    local page = { row = function(_, label, text) rows[#rows + 1] = label .. "|" .. text end }
    if result["valid?"] == false then
      words["txn-rw-register"].explain(result, page)
    end
    words["txn-rw-register"].note(result, page)
    return rows
  end

  it("says what transactions kept to", function()
    local good = words["txn-list-append"].good
    assert.equal("2 transactions: nothing that serializable forbids",
      good(txns.check("lists", "ax1 \n rx1", "serializable")))
    assert.equal("1 transaction: nothing that read-committed, read-atomic forbids; "
      .. "of 1 more nobody knows whether they happened",
      good(txns.check("lists", "ax1 | info \n rx1", "read-committed", "read-atomic")))
  end)

  it("names every anomaly, and explains some", function()
    local result = txns.check("registers", "wx1 rx2 \n rx_ wx3 \n rx_ wx4 \n wy1 wy2 \n ry1 rx1"
      .. "\n wz1 | fail \n rz1 \n ru1 wu1", "strict-serializable")
    local wrong = {}
    words["txn-rw-register"].bad(result, wrong)
    assert.equal("G1a (1), G1b (1), G2-item (1), future-read (1), internal (1), lost-update (1)",
      table.concat(wrong, ", "))
    local rows = page_of(result)
    assert.equal("Anomalies|G1a: a transaction read what a failed one was to write", rows[1])
    assert.matches("^|T1 %(process", rows[2])
    assert.equal("|and internal, lost-update; results.json has them all", rows[#rows - 1])
    assert.equal("Rules out|read-committed, and whatever is stronger", rows[#rows])
  end)

  it("notes what was seen and is not forbidden, and what nobody wrote", function()
    assert.same({ "Note|not forbidden here, but seen: what rules out repeatable-read" },
      page_of(txns.check("registers", "rx_ wy1 \n ry_ wx1", "read-committed")))
    assert.same({ 'Note|1 read showed what nobody wrote: 7 of key "x"' },
      page_of(txns.check("registers", "rx7 wy1 \n ry1", "read-committed")))
    assert.same({}, page_of(txns.check("registers", "wy1 \n ry1", "read-committed")))
  end)

  it("has a meaning for whatever can be found", function()
    local names = { "G1a", "G1b", "G-causal", "internal", "future-read", "lost-update",
      "cyclic-versions", "incompatible-order", "duplicate-elements", "dirty-update",
      "unwritten-read", "fractured-read", "non-monotonic-view", "cycle-search-timeout" }
    for _, plain in ipairs({ "G0", "G1c", "G-single", "G-nonadjacent", "G2-item" }) do
      for _, suffix in ipairs({ "", "-process", "-realtime" }) do
        names[#names + 1] = plain .. suffix
      end
    end
    for _, name in ipairs(names) do
      local rows = page_of({ ["valid?"] = false, ["anomaly-types"] = { name }, ["not"] = {},
        anomalies = { [name] = { { explanation = { "so it is" } } } }, unwritten = {} })
      assert.matches("^Anomalies|" .. name:gsub("%-", "%%-") .. ": %l[%l ,]+", rows[1])
      assert.same({ "|so it is" }, { rows[2], rows[3] })
    end
    assert.equal("Anomalies|G-single-process: a transaction missed a part of what came before it, "
      .. "by the order in which a client did them", page_of(txns.check("registers",
      "wx1 | 1-2 p1 \n rx_ | 3-4 p1", "strong-session-serializable"))[1])
  end)
end)
