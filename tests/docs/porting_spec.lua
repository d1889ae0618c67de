-- The page for those who come from Go and Python: its programs are run, and do the same.

local page = dofile("tests/docs/page.lua")

describe("the porting page", function()
  it("shows what its commands print", function()
    assert.equal(2, page.run("challenges/PORTING.md"))
  end)
end)
