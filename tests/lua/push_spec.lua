local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local topology = require "hearsay.topology"

local count = gossip_lab.count

local function start(graph, n, options, ...)
  options = options or {}
  options.nodes, options.latency, options.graph = n, options.latency or 100, graph
  return gossip_lab.start({ "push", ... }, options)
end

describe("push", function()
  it("brings a lone value everywhere within the diameter, for at most 4e messages", function()
    for _, graph in ipairs({ "line", "grid", "tree4", "ring", "total" }) do
      local g = start(graph, 12)
      g:add("n5")
      local hops = 0
      for _, length in pairs(topology.path_lengths(g.graph, "n5")) do
        hops = math.max(hops, length)
      end
      assert.near(hops * 0.1, assert(g:settle(5)), 0.0021, graph)
      g:run(5)
      local sent = g:sent()
      assert.equal(count(sent, "push"), count(sent, "push_ok"))
      assert(#sent <= 4 * topology.edges(g.graph), graph)
    end
  end)

  it("does not send a value back to where it came from", function()
    local g = start("line", 2)
    for i = 1, 3 do -- the first exchange finds out that both are in step
      g:sent()
      g:add(i == 1 and "n1" or "n0")
      g:run(3)
      if i > 1 then
        assert.equal(2, #g:sent())
      end
    end
  end)

  it("has one request at a time to a neighbour, with all that has come meanwhile", function()
    local g = start("line", 2)
    for _ = 1, 20 do
      g:add("n0")
      g:run(0.01) -- ten in a round trip of 0.2 s, and ten more
    end
    g:run(2)
    local sizes = {}
    for _, message in ipairs(g:sent()) do
      if message.body.type == "push" and message.src == "n0" then
        sizes[#sizes + 1] = #message.body.values
      end
    end
    assert.same({ 1, 19 }, sizes)
    assert.equal(0, (g:settle(0)))
  end)

  it("repeats what was not confirmed, with growing pauses up to the cap, until it is", function()
    local g = start("line", 2, nil, "timeout=0.4", "cap=2")
    g:cut({ "n0" }, { "n1" })
    g:add("n0")
    g:run(60)
    local last, gaps = nil, {}
    for _, message in ipairs(g:sent()) do
      gaps[#gaps + 1] = last and message.time - last
      last = message.time
    end
    assert(gaps[1] < 0.4 + 0.1 + 0.001 and gaps[2] < 0.4 + 0.2 + 0.001)
    for i, gap in ipairs(gaps) do
      assert(gap >= 0.4 and gap <= 0.4 + 2 + 0.001, "gap " .. i)
      assert(i < 8 or gap > 1.9, "gap " .. i) -- the cap less a fifth, at most
    end
    assert(#gaps >= 60 / 2.4)
    g:heal()
    assert(g:settle(0.4 + 2 + 0.1 + 0.002)) -- at worst a request was lost just before
  end)

  it("begins again with short pauses once something was confirmed", function()
    local g = start("line", 2)
    local function stream(seconds)
      for _ = 1, seconds / 0.05 do -- so that there is always something to send
        g:add("n0")
        g:run(0.05)
      end
    end
    g:cut({ "n0" }, { "n1" })
    stream(10) -- the pauses have grown to two seconds
    g:heal()
    stream(4)
    g:cut({ "n0" }, { "n1" })
    stream(0.3)
    g:heal()
    assert(g:settle(0.5 + 0.125 + 0.1 + 0.002))
  end)

  it("makes good a lost request and a lost confirmation", function()
    for _, way in ipairs({ { "n1", "n0" }, { "n0", "n1" } }) do
      local g = start("line", 2)
      g.world:cut(way[1], way[2])
      g:add("n0")
      g:run(0.3)
      g:heal()
      g:run(3)
      assert.equal(0, (g:settle(0)))
      g:sent()
      g:run(30)
      assert.same({}, g:sent()) -- and then there is quiet
    end
  end)

  it("brings everything everywhere after a partition of any shape", function()
    for seed = 1, 10 do
      local g = start("grid", 9, { seed = seed, latency_dist = "exponential" })
      local sides = { {}, {} }
      for i, id in ipairs(g.ids) do
        table.insert(sides[(i * (seed + 1) // 3) % 2 + 1], id)
      end
      g:cut(sides[1], sides[2])
      for _ = 1, 3 do
        for _, id in ipairs(g.ids) do
          g:add(id)
        end
        g:run(0.7 * seed)
      end
      g:heal()
      assert(g:settle(0.5 + 2 + 4)) -- a time-out, a pause, hops
    end
  end)

  it("works where a third of the messages are lost", function()
    for seed = 1, 5 do
      local g = start("grid", 9, { seed = seed })
      g.world:fault("loss", 0.33)
      for _, id in ipairs(g.ids) do
        g:add(id)
        g:run(0.05)
      end
      assert(g:settle(60))
    end
  end)

  it("is quiet when all is confirmed", function()
    local g = start("grid", 9)
    g:add("n4")
    g:run(5)
    g:sent()
    g:run(60)
    assert.same({}, g:sent())
  end)

  it("pushes to all other nodes until neighbours are set", function()
    local g = start(nil, 5)
    g:add("n2")
    assert.near(0.1, assert(g:settle(1)), 0.0021)
  end)

  it("refuses a message without an array of values", function()
    local g = start("line", 2)
    for _, body in ipairs({ { type = "push" }, { type = "push", values = 5 } }) do
      local _, err = g:ask("n0", body)
      assert.equal("malformed_request", err.name)
    end
  end)
end)
