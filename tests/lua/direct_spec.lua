local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local randoms = require "hearsay.random"

local HOP, RESEND = 0.1, 2 -- seconds
local MS = 0.0011 -- what settle may be late

local function start(n, options, ...)
  options = options or {}
  options.nodes, options.latency = n, options.latency or HOP * 1000
  return gossip_lab.start({ "direct", "resend=" .. RESEND, ... }, options)
end

describe("direct", function()
  it("brings a value everywhere in one hop, for n - 1 messages", function()
    local g = start(9)
    for _, id in ipairs(g.ids) do
      g:journal()
      g:add(id)
      assert.near(HOP, assert(g:settle(1)), MS)
      assert.equal(8, #g:sent())
    end
  end)

  it("costs next to nothing more under load: confirmations ride along", function()
    local g = start(9)
    g:load(randoms.stream(1, "load"), 30, 50)
    local sent = #g:sent()
    assert(sent >= 8 * #g.values)
    assert(sent <= 8 * #g.values * 1.02, sent / #g.values)
    assert(g:settle(HOP + MS))
  end)

  it("confirms once when nothing is new, and then is quiet", function()
    local g = start(5)
    for _, id in ipairs(g.ids) do
      g:add(id)
    end
    g:run(3 * RESEND)
    assert(#g:sent() <= 5 * 4 * 3)
    g:run(60)
    assert.same({}, g:sent())
  end)

  it("sends nothing when nothing ever was", function()
    local g = start(3)
    g:run(60)
    assert.same({}, g:sent())
  end)

  it("sends a value again whose message was lost, though none follows", function()
    for lost = 1, 3 do
      local g = start(4)
      g:load(randoms.stream(1, "load"), 1, 10)
      g:run(10)
      g.world:cut("n" .. lost, "n0")
      g:add("n0")
      g:run(HOP + MS)
      g:heal()
      g:journal()
      local took = assert(g:settle(2.5 * RESEND + HOP))
      assert(took > RESEND / 2, took)
      for _, message in ipairs(g:sent()) do
        assert.equal("direct", message.body.type) -- nobody had to ask
      end
    end
  end)

  it("asks for what it has missed when the next value shows it", function()
    local g = start(3)
    g.world:cut("n1", "n0")
    local missed = { g:add("n0"), g:add("n0") }
    g:run(HOP + MS)
    g:heal()
    g:journal()
    local value = g:add("n0")
    assert.near(HOP, assert(g:settle(1, { "n1" }, { value })), MS)
    assert.near(2 * HOP, assert(g:settle(1, { "n1" }, missed)), 2 * MS)
    local asked = 0
    for _, message in ipairs(g:sent()) do
      asked = asked + (message.body.type == "direct_ask" and 1 or 0)
    end
    assert.equal(1, asked)
  end)

  it("asks again where the question or the answer was lost, but not for every value", function()
    local g = start(2)
    g.world:cut("n1", "n0")
    g:add("n0")
    g:run(HOP + MS)
    g:heal()
    g.world:cut("n0", "n1") -- questions do not arrive
    g:journal()
    for _ = 1, 50 do
      g:add("n0")
      g:run(0.1)
    end
    local asked = 0
    for _, message in ipairs(g:sent()) do
      asked = asked + (message.body.type == "direct_ask" and 1 or 0)
    end
    assert(asked >= 4 and asked <= 6, asked) -- in 5 s, each RESEND / 2
    g:heal()
    assert(g:settle(2.5 * RESEND + HOP))
  end)

  it("brings everything everywhere after a partition", function()
    for seed = 1, 8 do
      local g = start(6, { seed = seed, latency_dist = seed % 2 == 0 and "exponential" or nil })
      local random = randoms.stream(seed, "load")
      for _ = 1, 3 do
        local sides = { {}, {} }
        for _, id in ipairs(g.ids) do
          table.insert(sides[random:upto(2)], id)
        end
        g:cut(sides[1], sides[2])
        g:load(random, random:unit() * 8, 10)
        g:heal()
        g:load(random, random:unit(), 10)
      end
      local _, text = g:settle(2.5 * RESEND + 10 * HOP)
      assert.is_nil(text and ("seed %d: %s"):format(seed, text))
      g:run(6 * RESEND)
      g:journal()
      g:run(60)
      assert.same({}, g:sent(), "seed " .. seed)
    end
  end)

  it("works where messages are lost, late or doubled", function()
    for seed = 1, 4 do
      local g = start(5, { seed = seed })
      g.world:fault("loss", 0.3)
      g.world:fault("duplicate", 0.3)
      g.world:fault("reorder", 0.3)
      g:load(randoms.stream(seed, "load"), 10, 10)
      assert(g:settle(60), seed)
    end
  end)

  it("takes no confirmation from before a restart for one of what came after", function()
    local g = start(3)
    for _ = 1, 5 do
      g:add("n0")
      g:add("n1")
    end
    assert(g:settle(1))
    g:run(10)
    g:restart("n0")
    g.world:cut("n1", "n0")
    local value = g:add("n0")
    g:add("n1") -- says that n1 has the first five of n0's
    g:run(HOP + MS)
    g:heal()
    assert(g:settle(3 * RESEND, { "n1", "n2" }, { value }))
  end)

  it("does not pass on what others take: a value comes from its first node only", function()
    local g = start(3)
    g:cut({ "n0" }, { "n2" })
    local value = g:add("n0")
    assert(g:settle(1, { "n1" }))
    assert.is_nil((g:settle(20, { "n2" }, { value })))
    g:heal()
    assert(g:settle(2 * RESEND))
  end)

  it("refuses messages that are not of its form", function()
    local g = start(2)
    for _, body in ipairs({
      { type = "direct" }, { type = "direct", values = {}, from = 0, version = 0, session = "x" },
      { type = "direct_ask" }, { type = "direct_ask", from = "0" },
    }) do
      local _, err = g:ask("n0", body)
      assert.equal("malformed_request", err.name)
    end
  end)
end)
