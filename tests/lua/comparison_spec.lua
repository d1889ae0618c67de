-- The table of ./sim compare: as wide as it needs, or folded.

local comparison = require "sim.comparison"

local ROWS = {
  { script = "./node a.lua", topology = "grid", msgs_per_op = 1.5, median = 100, most = 2000,
    valid = "valid", fault_msgs_per_op = 12.25, fault_most = 3, fault_valid = "INVALID" },
  { script = "b.lua", topology = "tree4", msgs_per_op = 10, median = 1, most = 2, valid = "unknown",
    fault_msgs_per_op = 1, fault_most = 3, fault_valid = "valid" },
}

describe("the table of a comparison", function()
  it("is as wide as it needs", function()
    -- luacheck: push ignore 631
    local wide = [[
script        topology  messages/op  median ms  most ms  verdict  under faults: messages/op  most ms  verdict
./node a.lua  grid            1.500        100     2000  valid                       12.250        3  INVALID
b.lua         tree4          10.000          1        2  unknown                      1.000        3  valid
]]
    -- luacheck: pop
    assert.equal(wide, comparison.render(ROWS))
    assert.equal(wide, comparison.render(ROWS, { width = 109 }))
    assert.not_equal(wide, comparison.render(ROWS, { width = 108 }))
  end)

  it("is folded where a terminal is narrower", function()
    assert.equal([[
  messages/op  median ms  most ms  verdict  faults: msgs/op  most ms  verdict
./node a.lua  grid
        1.500        100     2000  valid             12.250        3  INVALID
b.lua  tree4
       10.000          1        2  unknown            1.000        3  valid
]], comparison.render(ROWS, { width = 80 }))
  end)

  it("is a list where that is too wide, too", function()
    local text = comparison.render(ROWS, { width = 40 })
    assert.matches("^./node a.lua  grid\n  messages/op      1.500\n  median ms        100\n", text)
    for line in text:gmatch("[^\n]+") do
      assert.is_true(#line <= 40)
    end
  end)

  it("has its heading in bold when there are colours", function()
    assert.matches("^\27%[1mscript [^\n]*verdict\27%[0m\n%./node",
      comparison.render(ROWS, { color = true }))
  end)
end)
