-- ./sim compare: figures of several scripts and topologies, sorted, in three forms.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

local TWO = "--bin challenges/broadcast_3b.lua --bin challenges/broadcast_3d.lua "
local OPTIONS = "--node-count 7 --rate 20 --time-limit 10 --latency 20 --nemesis-interval 2 "

-- The records of CSV as RFC 4180 has it.
local function read_csv(text)
  local records, record, at = {}, {}, 1
  while at <= #text do
    local cell
    if text:sub(at, at) == '"' then
      local close = at
      repeat
        close = assert(text:find('"', close + 1, true), "a quote is open")
        local doubled = text:sub(close + 1, close + 1) == '"'
        close = doubled and close + 1 or close
      until not doubled
      cell, at = text:sub(at + 1, close - 1):gsub('""', '"'), close + 1
    else
      cell = text:match("^[^,\n]*", at)
      at = at + #cell
    end
    record[#record + 1] = cell
    local separator = text:sub(at, at)
    assert.matches("^[,\n]$", separator)
    if separator == "\n" then
      records[#records + 1], record = record, {}
    end
    at = at + 1
  end
  assert.same({}, record)
  return records
end

describe("./sim compare", function()
  local sh = shell.open()

  teardown(function() sh:close() end)

  local function compare(arguments, status)
    local ran = sh:run("./sim compare " .. arguments)
    assert.equal("", ran.err)
    assert.equal(status, ran.status)
    return ran.out
  end

  local function rows_of(arguments, status)
    return json.decode(compare("--json " .. arguments, status))
  end

  it("says that it was interrupted, and has no table then", function()
    local ran = sh:run("timeout --preserve-status -s INT 1 ./sim compare "
      .. "challenges/echo_1.lua --rate 100 --time-limit 1000000")
    assert.same({ 2, "", "sim: interrupted\n" }, { ran.status, ran.out, ran.err })
  end)

  it("takes scripts without --bin, but none that is an option's value", function()
    local options = "--node-count 3 --rate 20 --time-limit 2 "
    assert.equal(compare(TWO .. options, 0),
      compare("challenges/broadcast_3b.lua " .. options .. "challenges/broadcast_3d.lua", 0))
    local ran = sh:run("./sim compare challenges/broadcast_3b.lua -w nosuch.lua")
    assert.equal(254, ran.status)
    assert.matches("^sim: %-%-workload nosuch.lua: expected a file ", ran.err)
  end)

  it("puts scripts and topologies side by side, the cheapest first", function()
    local rows = rows_of(TWO .. OPTIONS .. "--topology line --topology=total", 1)
    assert.equal(4, #rows)
    local seen = {}
    for i, row in ipairs(rows) do
      assert.is_true(i == 1 or rows[i - 1].msgs_per_op <= row.msgs_per_op)
      seen[row.script .. " " .. row.topology] = row
    end
    for _, script in ipairs({ "challenges/broadcast_3b.lua", "challenges/broadcast_3d.lua" }) do
      for _, topology in ipairs({ "line", "total" }) do
        local row = assert(seen[script .. " " .. topology])
        assert.equal("valid", row.valid)
        assert.is_true(row.median <= row.most and row.fault_median <= row.fault_most)
      end
    end
    -- One floods, and loses what falls into a partition; the other repeats.
    assert.equal("INVALID", seen["challenges/broadcast_3b.lua line"].fault_valid)
    assert.equal("valid", seen["challenges/broadcast_3d.lua line"].fault_valid)
    assert.is_true(seen["challenges/broadcast_3b.lua total"].msgs_per_op
      > 2 * seen["challenges/broadcast_3b.lua line"].msgs_per_op)
  end)

  it("has the figures of the runs", function()
    local row = rows_of("--bin challenges/broadcast_3d.lua --seed 4 --nemesis loss " .. OPTIONS,
      0)[1]
    for field, nemesis in pairs({ msgs_per_op = "", fault_msgs_per_op = "--nemesis loss" }) do
      local ran = sh:run(("./sim test --json --seed 4 --bin challenges/broadcast_3d.lua %s %s "
        .. "--store %s"):format(nemesis, OPTIONS, quote(sh:path("store"))))
      assert.near(json.decode(ran.out).net.servers["msgs-per-op"], row[field], 1e-9)
    end
  end)

  it("says the same as a table, as CSV and as JSON", function()
    local arguments = TWO .. OPTIONS .. "--topology line --topology tree4 "
    local rows = rows_of(arguments, 1)
    local records = read_csv(compare("--csv " .. arguments, 1))
    local lines = shell.lines(compare(arguments, 1))
    assert.equal(#rows + 1, #records)
    assert.equal(#rows + 1, #lines)
    assert.same({ "script", "topology", "messages/op", "median ms", "most ms", "verdict",
      "under faults: messages/op", "most ms", "verdict" }, records[1])
    for i, row in ipairs(rows) do
      local expected = { row.script, row.topology, ("%.3f"):format(row.msgs_per_op),
        ("%.0f"):format(row.median), ("%.0f"):format(row.most), row.valid,
        ("%.3f"):format(row.fault_msgs_per_op), ("%.0f"):format(row.fault_most), row.fault_valid }
      assert.same(expected, records[i + 1])
      local cells = {}
      for cell in lines[i + 1]:gmatch("%S+") do
        cells[#cells + 1] = cell
      end
      assert.same(expected, cells)
    end
    assert.not_matches("\27", table.concat(lines))
  end)

  it("quotes commands in CSV", function()
    local records = read_csv(compare("--csv --time-limit 2 --rate 20 --nemesis loss "
      .. quote('--bin=./node "challenges/unique_ids_2.lua" counter,x'):gsub(",x", "")
      .. " --bin challenges/unique_ids_2.lua", 0))
    assert.equal(3, #records)
    for _, record in ipairs(records) do
      assert.equal(9, #record)
    end
    assert.equal('./node "challenges/unique_ids_2.lua" counter', records[2][1])
  end)

  it("takes faults other than partitions", function()
    local lossy = rows_of("--bin challenges/broadcast_3b.lua --nemesis loss " .. OPTIONS, 1)[1]
    local twice = rows_of("--bin challenges/broadcast_3b.lua --nemesis=duplicate " .. OPTIONS, 0)[1]
    assert.same({ "valid", "INVALID" }, { lossy.valid, lossy.fault_valid })
    assert.same({ "valid", "valid" }, { twice.valid, twice.fault_valid })
    assert.equal(lossy.msgs_per_op, twice.msgs_per_op)
  end)

  it("takes the default topology where none is given", function()
    assert.equal("grid", rows_of("--bin challenges/broadcast_3d.lua " .. OPTIONS, 0)[1].topology)
  end)

  it("does without operations", function()
    local rows = rows_of("--rate 0 --bin challenges/broadcast_3a.lua --bin "
      .. "challenges/unique_ids_2.lua --time-limit 2", 1)
    assert.equal(2, #rows)
  end)

  describe("exits with 254", function()
    for arguments, complaint in pairs({
      [""] = "what to run is missing",
      ["--bin"] = "--bin needs a value: PROGRAM",
      ["--bin challenges/echo_1.lua --seeds 5"] = "--seeds is an option of explore; ",
      ["--bin challenges/echo_1.lua --cvs"] = "unknown option --cvs; did you mean --csv?",
      ["--bin challenges/echo_1.lua --bin nosuch.lua --rate 1"] = "no such script: nosuch.lua",
      ["--bin challenges/echo_1.lua --topology line --topology rung"] = "--topology rung: ",
      ["--bin challenges/echo_1.lua --nemesis fire"] = "--nemesis fire: ",
      ["--bin challenges/echo_1.lua --nemesis"] = "--nemesis needs a value: FAULTS",
    }) do
      it(arguments, function()
        local ran = sh:run("./sim compare " .. arguments)
        assert.same({ 254, "" }, { ran.status, ran.out })
        assert.equal("sim: " .. complaint, ran.err:sub(1, #complaint + 5))
        assert.equal(1, #shell.lines(ran.err))
      end)
    end
  end)
end)
