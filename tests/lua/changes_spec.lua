-- What ./sim watch shows of two runs.

local changes = require "sim.changes"

local function run(changed)
  local all = {
    verdict = "VALID: every echo came back as it was sent", fingerprint = "1",
    figures = {
      { name = "messages/op", value = 1.5, kind = "ratio" },
      { name = "answered, most ms", value = 100, kind = "ms" },
      { name = "longest line, bytes", value = 1234, kind = "count" },
      { name = "operations ok", value = 1, kind = "part" },
    },
  }
  for key, field in pairs(changed or {}) do
    all[key] = field
  end
  return all
end

local function figures(...)
  local list = run().figures
  for i, number in ipairs({ ... }) do
    list[i].value = number
  end
  return list
end

-- The line of a figure, without runs of spaces.
local function row(text, name)
  for line in text:gmatch("[^\n]+") do
    if line:find(name, 1, true) then
      return (line:gsub(" +", " "))
    end
  end
end

describe("changes", function()
  it("of a first run are its figures alone", function()
    assert.equal([[
 ✔ VALID  every echo came back as it was sent
                                            now
 messages/op                               1.50
 answered, most ms                          100
 longest line, bytes                      1,234
 operations ok                         100.00 %
]], changes.render(nil, run()))
  end)

  it("stand beside what was before, with how much it is", function()
    local text = changes.render(run(), run({ fingerprint = "2",
      figures = figures(0.75, 101, 1234, 0.5) }))
    assert.matches(" before +now\n", text)
    assert.equal(" messages/op 1.50 0.75 ▼ 50 %", row(text, "messages/op"))
    assert.equal(" answered, most ms 100 101 ▲ 1.0 %", row(text, "answered"))
    assert.equal(" longest line, bytes 1,234 1,234", row(text, "longest"))
    assert.equal(" operations ok 100.00 % 50.00 % ▼ 50 %", row(text, "operations"))
    text = changes.render(run(), run({ fingerprint = "2", figures = figures(14.9, 1500, 1) }))
    assert.equal(" messages/op 1.50 14.9 ▲ 893 %", row(text, "messages/op"))
    assert.equal(" answered, most ms 100 1,500 ▲ 15 x", row(text, "answered"))
    assert.equal(" longest line, bytes 1,234 1 ▼ 100 %", row(text, "longest"))
  end)

  it("are none where figures look the same", function()
    local text = changes.render(run(), run({ fingerprint = "2", figures = figures(1.501) }))
    assert.equal(" messages/op 1.50 1.50", row(text, "messages/op"))
  end)

  it("from 0 have no percent, and a figure that was not there before has no change", function()
    local before = run({ figures = { { name = "messages/op", value = 0, kind = "ratio" } } })
    local text = changes.render(before, run({ fingerprint = "2" }))
    assert.equal(" messages/op 0.0 1.50 ▲ from 0", row(text, "messages/op"))
    assert.equal(" answered, most ms 100", row(text, "answered"))
  end)

  it("are no table when it is the same run", function()
    assert.equal(" ✔ VALID  every echo came back as it was sent\n"
      .. " the same run, to the last message\n", changes.render(run(), run()))
  end)

  it("of the verdict are said, and what a handler raised", function()
    local bad = run({ verdict = "INVALID: 3 echoes wrong", fingerprint = "2",
      crash = "n1: x.lua:3: boom" })
    assert.matches("^ ✘ INVALID %(was VALID%)  3 echoes wrong\n n1: x.lua:3: boom\n",
      changes.render(run(), bad))
    assert.matches("^ X INVALID  3 echoes wrong\n", changes.render(bad,
      run({ verdict = bad.verdict }), { ascii = true }))
    assert.matches("^ %? UNKNOWN  too little", changes.render(nil,
      run({ verdict = "UNKNOWN: too little to judge" })))
  end)

  it("are green when they are better, red when they are worse", function()
    local text = changes.render(run(), run({ fingerprint = "2",
      figures = figures(0.75, 200, 1234, 0.5) }), { color = true })
    assert.matches("\27[32m▼ 50 %\27[0m\n", text, 1, true)
    assert.matches("\27[31m▲ 100 %\27[0m\n", text, 1, true)
    local _, worse = text:gsub("\27%[31m", "")
    assert.equal(2, worse) -- less of what is ok is worse
    assert.matches("\27[1;32m✔ VALID  \27[0m", text, 1, true)
    assert.not_matches("\27", changes.render(nil, run()))
  end)

  it("keep within a narrow terminal", function()
    local bad = run({ verdict = "INVALID: " .. ("many things are wrong "):rep(5),
      fingerprint = "2", figures = figures(3000, 99999, 1, 0.1) })
    for _, width in ipairs({ 48, 60, 80 }) do
      for line in changes.render(run(), bad, { width = width }):gmatch("[^\n]+") do
        assert.is_true(utf8.len(line) <= width, line)
      end
    end
  end)

  it("take their figures from the results of a run", function()
    local built = {
      net = { servers = { ["msgs-per-op"] = 2, ["longest-line"] = { bytes = 9 } },
        all = { ["msgs-per-op"] = 4 } },
      workload = { ["stable-latencies"] = { ["0.5"] = 5, ["0.99"] = 6, ["1"] = 7 } },
      perf = { latencies = { read = { median = 2, max = 3 },
        broadcast = { median = 0, max = 1 } } },
      availability = { ["ok-fraction"] = 1 },
    }
    local names = {}
    for i, figure in ipairs(changes.figures(built)) do
      names[i] = figure.name .. " = " .. figure.value
    end
    assert.same({ "messages/op between servers = 2", "messages/op in all = 4",
      "longest line, bytes = 9", "stable everywhere, median ms = 5",
      "stable everywhere, 99% ms = 6", "stable everywhere, most ms = 7",
      "broadcast answered, median ms = 0", "broadcast answered, most ms = 1",
      "read answered, median ms = 2", "read answered, most ms = 3", "operations ok = 1" }, names)
    built.workload = { ["realtime-lag"] = { ["0.5"] = 5, ["0.99"] = 6, ["1"] = 7 } }
    built.net.servers["longest-line"] = nil
    assert.equal("polls behind, median ms", changes.figures(built)[3].name)
  end)
end)
