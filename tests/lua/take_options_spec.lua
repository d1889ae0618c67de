local take_options = require "hearsay.take_options"

local KNOWN = {
  name = { "string", needed = true },
  fn = { "function" },
  above = { "number", default = 1, above = 0 },
  from = { "number", from = 2, finite = true },
  any = { "number", default = 7 },
  flag = { "boolean", default = false },
}

describe("take_options", function()
  it("fills in what is left out, and leaves the rest", function()
    assert.same({ name = "x", above = 1, any = 7, flag = false },
      take_options("f", KNOWN, { name = "x" }))
    local given = { name = "", fn = print, above = math.huge, from = 2, any = -5, flag = true }
    local taken = take_options("f", KNOWN, given)
    assert.same(given, taken)
    assert.not_equal(given, taken)
  end)

  it("says what is wrong, at the line of the call", function()
    local function call(options)
      return (take_options("f", KNOWN, options))
    end
    for text, options in pairs({
      ["expected a table of options, got nil"] = false,
      ["unknown option b; known are above, any, flag, fn, from, name"] = { c = 1, b = 2 },
      ["unknown option 1; known are "] = { "x", name = "x" },
      ["name must be a string, got nil"] = {},
      ["name must be a string, got number"] = { name = 1 },
      ["fn must be a function, got table"] = { name = "x", fn = {} },
      ["above must be a number above 0, got 0"] = { name = "x", above = 0 },
      ["above must be a number above 0, got string"] = { name = "x", above = "1" },
      ["above must be a number above 0, got "] = { name = "x", above = 0 / 0 },
      ["from must be a number from 2, got 1.5"] = { name = "x", from = 1.5 },
      ["from must be a number from 2, got inf"] = { name = "x", from = math.huge },
      ["flag must be a boolean, got string"] = { name = "x", flag = "no" },
    }) do
      local line = debug.getinfo(1, "l").currentline + 1
      local ok, message = pcall(function() return (call(options or nil)) end)
      assert.is_false(ok)
      assert.matches(("take_options_spec.lua:%d: f: %s"):format(line, text), message, 1, true)
    end
  end)
end)
