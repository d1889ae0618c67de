-- How far something is: a bar that keeps within the terminal, lines in a log.

local progress = require "sim.progress"

describe("progress", function()
  local written, now

  -- Where it is shown; its clock is `now`.
  local function world(columns)
    written, now = {}, 100
    return { is_live = columns ~= nil, columns = columns, now = function() return now end,
      write = function(text) written[#written + 1] = text end }
  end

  local function last()
    return written[#written] and written[#written]:match("^\r?(.-)\27?%[?K?\n?$")
  end

  it("is a bar and a sentence on a terminal", function()
    local shown = progress.new("seeds", 2000, world(100))
    shown:step(500, "3 invalid")
    assert.equal("\r[#######.......................] 500 of 2,000 seeds, 3 invalid\27[K",
      written[1])
    shown:step(2000)
    assert.equal("[" .. ("#"):rep(30) .. "] 2,000 of 2,000 seeds", last())
    shown:step(2001)
    assert.equal("[" .. ("#"):rep(30) .. "] 2,000 of 2,000 seeds", last())
  end)

  it("says what is left when it is likely to know", function()
    local shown = progress.new("runs", 10, world(100))
    now = 102
    shown:step(5)
    assert.not_matches("left", last())
    now = 104
    shown:step(4)
    assert.matches("4 of 10 runs, 6 s left$", last())
    shown:step(10)
    assert.not_matches("left", last())
    now = 3000
    shown:step(0)
    assert.not_matches("left", last())
  end)

  it("has no bar where nobody knows how much there is", function()
    local shown = progress.new("run", nil, world(80))
    shown:step(7, "3 nodes")
    assert.equal("\rrun 7, 3 nodes\27[K", written[1])
  end)

  it("keeps within the terminal", function()
    for columns = 12, 100 do
      local shown = progress.new("seeds", 100000, world(columns))
      shown:step(12345, "10 invalid, 3 unknown")
      assert.is_true(#last() + #"^C" < columns)
      assert.equal(columns >= 60, last():find("[", 1, true) ~= nil, columns)
    end
  end)

  it("is drawn when it has changed, and taken away", function()
    local shown = progress.new("seeds", 10, world(80))
    shown:clear()
    assert.same({}, written)
    shown:step(1)
    shown:step(1)
    assert.equal(1, #written)
    shown:clear()
    assert.equal("\r\27[K", written[2])
    shown:clear()
    assert.equal(2, #written)
    shown:step(1)
    assert.equal(3, #written)
  end)

  it("is a line every thirty seconds in a log, and none of what is over soon", function()
    local shown = progress.new("seeds", 1000, world())
    for s = 1, 75 do
      now = 100 + s
      shown:step(s * 10, "0 invalid")
      shown:step(s * 10, "0 invalid")
    end
    shown:clear()
    assert.same({ "300 of 1,000 seeds, 0 invalid, 70 s left\n",
      "600 of 1,000 seeds, 0 invalid, 40 s left\n" }, written)
  end)
end)
