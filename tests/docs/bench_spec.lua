-- The bench's page: its workload, node and fault are run, and print what it shows.

local page = dofile("tests/docs/page.lua")

describe("the bench's page", function()
  it("shows what its commands print", function()
    assert.equal(2, page.run("lua/sim/README.md"))
  end)
end)
