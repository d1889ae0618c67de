local crdt = require "hearsay.crdt"
local json = require "hearsay.json"

describe("hearsay.crdt", function()
  it("has the types that its header names, with what all of them have", function()
    local file = assert(io.open("lua/hearsay/crdt/init.lua"))
    local header = file:read("a"):match("no change is undone%.(.-)Changes are counted")
    file:close()
    local named = 0
    for name in header:gmatch("%-%-     ([%l_]+)  ") do
      local object = crdt[name].new()
      assert.equal(require("hearsay.crdt." .. name), crdt[name])
      assert.is_function(object.value)
      assert.is_false(object:merge(json.decode(json.encode(object:state()))), name)
      named = named + 1
    end
    for _ in pairs(crdt) do
      named = named - 1
    end
    assert.equal(0, named)
  end)
end)
