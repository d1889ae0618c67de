local lab = require "hearsay.testing"

-- Hands out as many ids of a kind as it is asked for, in one go.
local SCRIPT = [[
local ids = require "hearsay.ids"
local json = require "hearsay.json"
local node = require "hearsay"

local first = {}
node.on_init(function()
  first = { ids.counter(), ids.flake(), ids.uuid7() }
end)

node.on("first", function()
  return { type = "first_ok", ids = first }
end)

node.on("make", { kind = "string", count = "integer" }, function(msg)
  local list = json.array()
  for i = 1, msg.body.count do
    list[i] = ids[msg.body.kind]()
  end
  return { type = "make_ok", ids = list }
end)
]]

local KINDS = { "counter", "flake", "uuid7" }

local function make(nodes, id, kind, count)
  return assert(nodes:ask(id, { type = "make", kind = kind, count = count or 1 })).ids
end

describe("ids", function()
  it("differ, of every kind, on all nodes, in a burst and over time", function()
    local nodes = lab.start(SCRIPT, { nodes = 7 })
    for _, kind in ipairs(KINDS) do
      local given, count = {}, 0
      for round = 1, 10 do
        for _, id in ipairs(nodes.ids) do
          for _, made in ipairs(make(nodes, id, kind, round == 5 and 3000 or 20)) do
            assert.is_nil(given[made], kind)
            given[made] = true
            count = count + 1
          end
        end
        nodes:run(0.0004 * round)
      end
      assert.equal(7 * (9 * 20 + 3000), count)
    end
  end)

  it("of a counter are the node, its start, and a number that goes up by one", function()
    local nodes = lab.start(SCRIPT, { nodes = { "a", "b" } })
    local list = make(nodes, "b", "counter", 3)
    local start = list[1]:match("^b%-(%w+)%-2$") -- 1 was made in on_init
    assert.is_string(start)
    assert.same({ "b-" .. start .. "-3", "b-" .. start .. "-4" }, { list[2], list[3] })
    assert.not_equal(start, make(nodes, "a", "counter")[1]:match("^a%-(%w+)%-"))
  end)

  it("of a flake are positive integers that go up with time, node for node", function()
    local nodes = lab.start(SCRIPT, { nodes = 3 })
    local last = 0
    for _ = 1, 5 do
      for _, id in ipairs(nodes.ids) do
        for _, made in ipairs(make(nodes, id, "flake", 2000)) do
          assert.equal("integer", math.type(made))
          assert(made > last)
          last = made
        end
        nodes:run(0.005) -- 2000 in one instant take two milliseconds' worth
      end
    end
  end)

  it("of a flake have the milliseconds since 2024 in front", function()
    local nodes = lab.start(SCRIPT)
    local before = make(nodes, "n0", "flake")[1] >> 22
    nodes:run(3600)
    assert.equal(3600 * 1000, (make(nodes, "n0", "flake")[1] >> 22) - before)
    local two_years_ms = (366 + 365) * 24 * 3600 * 1000 -- virtual time starts on 2026-01-01
    assert(math.abs(before - two_years_ms) < 10 * 1000)
  end)

  it("of uuid7 are version 7, and their text sorts by time", function()
    local nodes = lab.start(SCRIPT, { nodes = 2 })
    local last = ""
    for round = 1, 20 do
      local made = make(nodes, "n" .. round % 2, "uuid7")[1]
      assert.matches("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-7%x%x%x%-[89ab]%x%x%x%-"
        .. ("%x"):rep(12) .. "$", made)
      assert(last < made)
      last = made
      nodes:run(0.001)
    end
  end)

  it("can be made in on_init", function()
    local nodes = lab.start(SCRIPT)
    local first = assert(nodes:ask("n0", { type = "first" })).ids
    assert.matches("^n0%-%w+%-1$", first[1])
    assert(first[2] < make(nodes, "n0", "flake")[1])
    assert(first[3] < make(nodes, "n0", "uuid7")[1])
  end)

  it("are the same in each run with the same seed, and others with another", function()
    for _, kind in ipairs(KINDS) do
      local function run(seed)
        return make(lab.start(SCRIPT, { nodes = 3, seed = seed }), "n1", kind, 4)
      end
      assert.same(run(1), run(1))
      assert.not_same(run(1), run(2))
    end
  end)

  it("need the node's id, so there are none before init", function()
    for _, kind in ipairs(KINDS) do
      local cluster, message = lab.load(
        ('require("hearsay.ids").%s()'):format(kind), { nodes = { "n0" } })
      assert.is_nil(cluster)
      assert.matches("ids need the node's id: call after init, in a handler or node.on_init",
        message, 1, true)
    end
  end)

  it("have no node in plain Lua", function()
    local ok, message = pcall(require("hearsay.ids").flake)
    assert.is_false(ok)
    assert.matches("ids need the node's id", message)
  end)
end)
