-- node.parameters: a script's arguments change the table at its top.
local json = require "hearsay.json"
local lab = require "hearsay.testing"

local SCRIPT = [[
  local node = require "hearsay"
  local mine = { policy = "hub", window = 0.3, limit = 7, loud = true }
  local all = node.parameters(mine, ...)
  node.on("go", function() return { type = "go_ok", all = all, before = mine } end)
]]

local function parameters(...)
  return lab.start(SCRIPT, { args = { ... } }):ask("n0", { type = "go" })
end

local function load_error(...)
  local cluster, message = lab.load(SCRIPT, { nodes = { "n0" }, args = { ... } })
  assert.is_nil(cluster)
  return message
end

describe("a script's parameters", function()
  local defaults = { policy = "hub", window = 0.3, limit = 7, loud = true }

  it("are its own without arguments", function()
    assert.same(defaults, parameters().all)
  end)

  it("are changed by arguments, each to its own type, and the table is not", function()
    local reply = parameters("window=1.5", "loud=false", "policy=a=b", "limit=9")
    assert.same({ policy = "a=b", window = 1.5, limit = 9, loud = false }, reply.all)
    assert.equal("9", json.encode(reply.all.limit))
    assert.same(defaults, reply.before)
  end)

  it("have an error that names them for an argument of another form", function()
    for _, argument in ipairs({ "windw=1", "window", "=1", "" }) do
      assert.is_truthy(load_error(argument):find("of the form name=value, with one of the names "
        .. "limit, loud, policy, window; got " .. argument, 1, true), argument)
    end
  end)

  it("have an error for a value of another type", function()
    assert.is_truthy(load_error("window=long"):find(
      "argument window=long: expected a number for window, as in window=0.3", 1, true))
    assert.is_truthy(load_error("loud=1"):find("expected a boolean for loud", 1, true))
  end)

  it("cannot be tables", function()
    local cluster, message = lab.load([[
      require("hearsay").parameters({ list = {} }, ...)
    ]], { nodes = { "n0" } })
    assert.is_nil(cluster)
    assert.is_truthy(message:find("list must be a number, a string or a boolean, not a table", 1,
      true), message)
  end)
end)
