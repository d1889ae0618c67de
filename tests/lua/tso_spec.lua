local node_lab = dofile("tests/lua/node_lab.lua")

local SCRIPT = [[
local tso = require "hearsay.tso"

node.on("take", function(msg)
  local ts, err = tso.next(msg.body.timeout)
  return { type = "taken", ts = ts, error = err and err.name, definite = err and err.definite }
end)
]]

describe("tso", function()
  it("gives every timestamp once, later ones to those who ask later", function()
    local nodes = node_lab.start(SCRIPT, { nodes = 3, latency = 5 })
    for i = 0, 20 do
      assert.equal(i, nodes:ask(nodes.ids[i % 3 + 1], { type = "take" }).ts)
    end
  end)

  it("costs two messages", function()
    local nodes = node_lab.start(SCRIPT)
    nodes:sent()
    nodes:ask("n0", { type = "take" })
    local sent = nodes:sent()
    assert.same({ 2, "ts", "lin-tso", "ts_ok" },
      { #sent, sent[1].body.type, sent[1].dest, sent[2].body.type })
  end)

  it("says when the oracle does not answer in time; the one it gave then is gone", function()
    local nodes = node_lab.start(SCRIPT)
    nodes.world:cut("n0", "lin-tso")
    local before = nodes:now()
    local reply = nodes:ask("n0", { type = "take", timeout = 0.25 })
    assert.same({ "timeout", false }, { reply.error, reply.definite })
    assert.near(0.25, nodes:now() - before, 0.01)
    nodes:heal()
    assert.equal(1, nodes:ask("n0", { type = "take" }).ts)
  end)
end)
