local terminal = require "sim.terminal"

describe("a bar", function()
  it("shows how much is done", function()
    assert.equal("[" .. ("."):rep(30) .. "]", terminal.bar(0, 10))
    assert.equal("[" .. ("#"):rep(15) .. ("."):rep(15) .. "]", terminal.bar(5, 10))
    assert.equal("[" .. ("#"):rep(29) .. ".]", terminal.bar(9.9, 10))
    assert.equal("[" .. ("#"):rep(30) .. "]", terminal.bar(10, 10))
  end)

  it("is full at most", function()
    assert.equal(terminal.bar(10, 10), terminal.bar(12.5, 10))
  end)
end)
