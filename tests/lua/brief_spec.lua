local brief = require "hearsay.brief"
local json = require "hearsay.json"
local node_lab = dofile("tests/lua/node_lab.lua")

describe("brief", function()
  it("is the JSON text, up to 60 bytes, cut between characters", function()
    assert.equal("nothing", brief(nil))
    assert.equal("null", brief(json.null))
    assert.equal('[1,1.0,"1"]', brief({ 1, 1.0, "1" }))
    assert.equal('"' .. ("x"):rep(58) .. '"', brief(("x"):rep(58)))
    assert.equal('"' .. ("x"):rep(59), brief(("x"):rep(59)))
    assert.equal("function", brief(print))
    for _, character in ipairs({ "é", "€", "😀" }) do
      for padding = 0, 4 do
        local text = ("x"):rep(padding) .. character:rep(100)
        local cut = brief(text)
        assert.is_true(#cut <= 60 and #cut > 60 - #character, cut)
        assert.equal(cut, json.encode(text):sub(1, #cut))
        assert.is_truthy(utf8.len(cut))
      end
    end
  end)

  it("so that a refusal can be sent, whatever was refused", function()
    local nodes = node_lab.start('node.on("add", { delta = "integer" }, function() end)')
    for padding = 0, 3 do
      local _, err = nodes:ask("n0",
        { type = "add", delta = ("x"):rep(padding) .. ("€"):rep(30) })
      assert.equal("malformed_request", err.name)
    end
  end)
end)
