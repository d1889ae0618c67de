local sorted = require "hearsay.sorted"

describe("sorted.keys", function()
  it("are those of a table, from the least on", function()
    assert.same({}, sorted.keys({}))
    assert.same({ 1, 2, 3.5, 10 }, sorted.keys({ [10] = "a", "b", "c", [3.5] = false }))
    assert.same({ "", "A", "B", "a", "\u{e9}" },
      sorted.keys({ a = 1, B = 2, A = 3, [""] = 4, ["\u{e9}"] = 5 }))
  end)

  it("are in an order that is given", function()
    assert.same({ "9", "10", "11" }, sorted.keys({ ["10"] = 1, ["9"] = 1, ["11"] = 1 },
      function(a, b) return tonumber(a) < tonumber(b) end))
  end)

  it("are not there where they cannot be compared", function()
    assert.has_error(function() sorted.keys({ 1, x = 2 }) end)
  end)
end)
