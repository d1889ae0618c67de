-- sim.checkers.echo.

local echo = require "sim.checkers.echo"
local history = dofile("tests/lua/history.lua")

describe("echo", function()
  local h
  before_each(function()
    h = history.new()
  end)

  local function verdict()
    return echo.check(h.ops)["valid?"]
  end

  it("is valid where each came back as it was sent", function()
    h:did(10, "n1", "echo", "Please echo 1", "Please echo 1")
    h:did(20, "n2", "echo", { a = { 1, 2 } }, { a = { 1, 2 } })
    assert.same({ true, 0 }, { verdict(), echo.check(h.ops)["error-count"] })
  end)

  it("finds one that came back changed", function()
    h:did(10, "n1", "echo", "Please echo 1", "Please echo 1")
    h:did(20, "n2", "echo", "Please echo 2", "Please echo 1")
    local result = echo.check(h.ops)
    assert.is_false(result["valid?"])
    assert.same({ 1, 1 }, { result["error-count"], #result.errors })
    assert.same({ expected = "Please echo 2", received = "Please echo 1", outcome = "ok",
      node = "n2", process = 2, time = 20000000 }, result.errors[1])
  end)

  it("compares all the way down, and types as JSON does", function()
    for _, case in ipairs({
      { 1, 1.0 }, { 1, "1" }, { { 1, 2 }, { 1 } }, { { a = { b = 1 } }, { a = { b = 2 } } },
      { { a = 1 }, { a = 1, b = 2 } }, { true, "true" },
    }) do
      h = history.new()
      h:did(10, "n1", "echo", case[1], case[2])
      assert.is_false(verdict())
    end
    h = history.new()
    h:did(10, "n1", "echo", { x = 1, y = { 2.5, "z" } }, { y = { 2.5, "z" }, x = 1 })
    assert.is_true(verdict())
  end)

  it("is wrong where there was an error or no answer, as in Maelstrom", function()
    h:did(10, "n1", "echo", "a", "a")
    h:fail(h:invoke(20, "n1", "echo", "b"), 21)
    h:info(h:invoke(30, "n2", "echo", "c"), 5030)
    h:invoke(6000, "n3", "echo", "d")
    local result = echo.check(h.ops)
    assert.same({ false, 3, 2 },
      { result["valid?"], result["error-count"], result["unanswered-count"] })
    local outcomes = {}
    for i, wrong in ipairs(result.errors) do
      outcomes[i] = { wrong.outcome, wrong.error, wrong.received }
    end
    assert.same({ { "fail", "temporarily_unavailable" }, { "info", "timeout" }, { "info" } },
      outcomes)
  end)

  it("lists 48 and counts all", function()
    for i = 1, 60 do
      h:did(i, "n1", "echo", i, i + 1)
    end
    local result = echo.check(h.ops)
    assert.same({ 60, 48 }, { result["error-count"], #result.errors })
  end)

  it("is unknown where nothing was sent", function()
    assert.equal("unknown", echo.check({})["valid?"])
  end)
end)
