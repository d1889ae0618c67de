local testing = require "hearsay.testing"

local SCRIPT = [[
local node = require "hearsay"
local count = 0
node.on_init(function()
  node.every(1, function() count = count + 1 end)
end)
node.on("count", function() return { type = "count_ok", count = count } end)
]]

describe("hearsay.testing", function()
  local function count(nodes)
    return nodes:ask("n0", { type = "count" }).count
  end

  it("lets time pass until something is so, and says how long that took", function()
    local nodes = testing.start(SCRIPT)
    local took = nodes:eventually(5, function() return count(nodes) == 3 end)
    assert.is_true(took >= 3 and took < 3.1)
  end)

  it("raises when it is not so within the bound", function()
    local nodes = testing.start(SCRIPT)
    assert.has_error(function()
      nodes:eventually(2.5, function() return count(nodes) == 3 end)
    end, "it was not so within 2.5 s")
    assert.is_true(nodes:now() >= 2.5)
  end)

  it("lets nodes stand still and go on", function()
    local nodes = testing.start(SCRIPT)
    nodes:run(2.5)
    nodes:pause("n0")
    nodes:run(10)
    local reply, err = nodes:ask("n0", { type = "count" }, 1)
    assert.is_nil(reply)
    assert.equal("timeout", err.name)
    nodes:resume("n0")
    nodes:run(0)
    assert.equal(3, count(nodes)) -- periods that were missed are skipped
  end)

  it("kills nodes", function()
    local nodes = testing.start(SCRIPT, { nodes = 2 })
    nodes:kill("n0")
    assert.is_nil(nodes:ask("n0", { type = "count" }, 1))
    assert.equal(1, nodes:ask("n1", { type = "count" }).count)
  end)
end)
