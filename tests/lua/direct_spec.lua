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
    end
  end)

  it("sends with the next value what was missed before it", function()
    local g = start(3)
    g.world:cut("n1", "n0")
    g:add("n0")
    g:add("n0")
    g:run(HOP + MS)
    g:heal()
    g:journal()
    g:add("n0")
    assert.near(HOP, assert(g:settle(1)), MS)
    assert.equal(2, #g:sent())
  end)

  it("goes on sending all that is not confirmed, and is not answered each time", function()
    local g = start(2)
    g:add("n0")
    g:run(2 * RESEND)
    g.world:cut("n0", "n1") -- confirmations do not arrive
    g:journal()
    for _ = 1, 100 do
      g:add("n0")
      g:run(0.1)
    end
    assert(g:settle(HOP + MS))
    local count = { n0 = 0, n1 = 0 }
    for _, message in ipairs(g:sent()) do
      count[message.src] = count[message.src] + 1
    end
    assert.equal(100, count.n0)
    assert(count.n1 <= 10, count.n1)
    g:heal()
    g:add("n0")
    g:run(2 * RESEND)
    g:journal()
    g:add("n0")
    assert.equal(1, #g:sent()[1].body.values)
  end)

  it("collects the confirmations of what came last: a row and a column a node", function()
    for seed = 1, 3 do
      local n = 9
      local g = start(n, { seed = seed })
      g:load(randoms.stream(seed, "load"), 10, 100)
      g:journal()
      g:run(6 * RESEND)
      local count = {}
      for _, message in ipairs(g:sent()) do
        local kind = message.body.type
        count[kind] = (count[kind] or 0) + 1
        assert(kind == "direct_row" and message.dest == "n0"
          or kind == "direct_column" and message.src == "n0", kind)
      end
      assert(count.direct_row <= 4 * n and count.direct_column <= 3 * n) -- pairs would be n(n-1)
      g:run(60)
      assert.same({}, g:sent())
    end
  end)

  it("confirms from node to node where the first one does not pass it on", function()
    local g = start(4)
    g:isolate("n0")
    g:add("n1")
    g:run(4 * RESEND)
    g:journal()
    g:add("n1")
    g:run(5 * RESEND)
    local repeated = 0
    for _, message in ipairs(g:sent()) do
      repeated = repeated + (message.src == "n1" and message.dest == "n2" and 1 or 0)
    end
    assert.equal(2, repeated) -- that of the value, one again
    g:heal()
    assert(g:settle(2 * RESEND))
    g:run(4 * RESEND)
    assert.same({}, g:sent_within(60))
  end)

  it("takes no row from before a restart for what is there after it", function()
    local g = start(3)
    for _ = 1, 5 do
      g:add("n1")
    end
    local is_sent = false
    repeat
      for _, message in ipairs(g:sent_within(0.001)) do
        is_sent = is_sent or message.src == "n2"
      end
    until is_sent
    g:restart("n2")
    g:add("n2") -- n1 knows of the restart before it hears, by n0, what was there
    assert(g:settle(2 * RESEND))
  end)

  it("gives a restarted node all that another has taken, when that one takes another", function()
    local g = start(3)
    for _ = 1, 5 do
      g:add("n1")
    end
    g:run(10)
    g:restart("n2")
    g:add("n1")
    assert(g:settle(3 * HOP + MS))
  end)

  it("does not answer every message when it cannot be heard after a restart", function()
    local g = start(2)
    g:add("n0")
    g:run(10)
    g:restart("n1")
    g.world:cut("n0", "n1")
    g:journal()
    for _ = 1, 50 do
      g:add("n0")
      g:run(0.1)
    end
    local answers = 0
    for _, message in ipairs(g:sent()) do
      answers = answers + (message.src == "n1" and 1 or 0)
    end
    assert(answers >= 4 and answers <= 8, answers) -- in 5 s, each RESEND / 2
    g:heal()
    assert(g:settle(2 * RESEND))
  end)

  it("lets values wait for a window, and share a message", function()
    local g = start(5, nil, "window=0.2")
    g:add("n3")
    g:run(0.1)
    g:add("n3")
    assert.near(0.1 + HOP, assert(g:settle(1)), MS)
    assert.equal(4, #g:sent())
    g:add("n3")
    assert.near(0.2 + HOP, assert(g:settle(1)), MS)
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
      assert.same({}, g:sent_within(60), "seed " .. seed)
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

  describe("with a backup", function()
    it("brings a value around a cut, by those who reach both sides", function()
      for seed = 1, 5 do
        local g = start(5, { seed = seed }, "backup=1")
        g:cut({ "n0" }, { "n2", "n3" })
        g:add("n0")
        g:add("n3")
        assert(g:settle(20))
      end
    end)

    it("brings everywhere what its node had no time to send to all", function()
      local g = start(5, nil, "backup=1")
      g:cut({ "n0" }, { "n2", "n3", "n4" })
      g:add("n0")
      g:run(HOP + MS)
      g:kill("n0")
      assert(g:settle(10, { "n1", "n2", "n3", "n4" }))
    end)

    it("gives a restarted node everything, though nothing is new", function()
      local g = start(4, nil, "backup=1")
      g:load(randoms.stream(1, "load"), 5, 20)
      g:run(1)
      g:restart("n2")
      assert(g:settle(10))
    end)

    it("costs at most n messages a period when nothing is new", function()
      local g = start(5, nil, "backup=1")
      g:add("n0")
      g:run(20)
      assert(#g:sent_within(60) <= 5 * 60 * 1.1)
    end)
  end)

  it("refuses messages that are not of its form", function()
    local g = start(2)
    for _, body in ipairs({
      { type = "direct" }, { type = "direct", values = {}, from = 0, version = 0, session = "x" },
      { type = "direct_row", got = {} }, { type = "direct_row", got = { 5 }, session = 1 },
      { type = "direct_row", got = { { "n1", 1 } }, session = 1 },
      { type = "direct_row", got = { { "n1", 1, 2.5 } }, session = 1 },
      { type = "direct_row", got = { { 1, 1, 2 } }, session = 1 },
      { type = "direct_column" }, { type = "direct_column", got = { { "n1", 1, 2 } } },
    }) do
      local _, err = g:ask("n0", body)
      assert.equal("malformed_request", err.name)
    end
  end)
end)
