local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local randoms = require "hearsay.random"
local topology = require "hearsay.topology"

local HOP, LAZY, PATIENCE = 0.1, 1, 0.5 -- seconds
local MS = 0.0011 -- what settle may be late
local count = gossip_lab.count

local function start(graph, n, options)
  options = options or {}
  options.nodes, options.latency, options.graph = n, options.latency or HOP * 1000, graph
  return gossip_lab.start({ "plumtree", "lazy=" .. LAZY, "patience=" .. PATIENCE, "resend=2" },
    options)
end

describe("plumtree", function()
  it("floods a node's first value, and sends the next along a tree: n - 1 messages", function()
    for _, graph in ipairs({ "grid", "ring", "hypercube", "total", "line", "tree4" }) do
      local g = start(graph, 12)
      for i, id in ipairs({ "n0", "n5", "n0", "n11", "n5" }) do
        local hops = 0
        for _, length in pairs(topology.path_lengths(g.graph, id)) do
          hops = math.max(hops, length)
        end
        g:run(5)
        g:journal()
        g:add(id)
        assert.near(hops * HOP, assert(g:settle(5)), 2 * MS, graph)
        g:run(5)
        local sent = g:sent()
        local is_first = i ~= 3 and i ~= 5
        local edges = topology.edges(g.graph)
        assert.equal(is_first and 2 * edges - 11 or 11, count(sent, "plum_values"), graph)
        assert.equal(is_first and 2 * edges - 22 or 0, count(sent, "plum_prune"), graph)
        assert.equal(0, count(sent, "plum_graft"))
      end
    end
  end)

  it("keeps its trees under load: no grafts, little more than n - 1 messages a value", function()
    for seed = 1, 3 do
      local g = start("grid", 16, { seed = seed })
      g:load(randoms.stream(seed, "load"), 5, 50) -- the trees
      g:journal()
      local before = #g.values
      g:load(randoms.stream(seed + 9, "load"), 20, 50)
      local sent = g:sent()
      local values = #g.values - before
      assert.equal(0, count(sent, "plum_graft"))
      local each = count(sent, "plum_values") / values
      assert(each <= 15 * 1.05, each)
    end
  end)

  it("announces on a link once a period each way at most, and is quiet when nothing is new",
    function()
      local g = start("grid", 9)
      g:load(randoms.stream(1, "load"), 10, 50)
      g:journal()
      g:load(randoms.stream(2, "load"), 20, 50)
      local most = 2 * topology.edges(g.graph) * 20 / LAZY
      assert(count(g:sent(), "plum_ihave") <= 1.05 * most)
      g:run(10)
      assert.same({}, g:sent_within(60))
    end)

  it("mends a broken tree where it broke: a graft, and then along that link", function()
    local g = start("ring", 6)
    for _ = 1, 3 do
      g:add("n0")
      g:run(5)
    end
    g:cut({ "n1" }, { "n2" }) -- n2, and n3 if it is behind n2, get nothing
    g:journal()
    local value = g:add("n0")
    assert(g:settle(1.25 * LAZY + PATIENCE + 8 * HOP, nil, { value }))
    assert.equal(1, count(g:sent(), "plum_graft"))
    g:run(5)
    value = g:add("n0")
    assert.near(4 * HOP, assert(g:settle(1, nil, { value })), MS)
  end)

  it("asks one after the other of those who announced a value", function()
    local g = start("total", 3)
    for _ = 1, 2 do
      g:add("n0")
      g:run(5)
    end
    g.world:cut("n2", "n0") -- n2 does not hear n0
    g.world:cut("n1", "n2") -- and n1 does not hear its questions
    g:add("n0")
    g:run(4)
    g:journal()
    g:run(10)
    local asked = {}
    for _, message in ipairs(g:sent()) do
      if message.body.type == "plum_graft" then
        asked[#asked + 1] = message.time
      end
    end
    assert(#asked >= 10 / PATIENCE - 2 and #asked <= 10 / PATIENCE + 1, #asked)
    g:heal()
    assert(g:settle(3))
  end)

  it("does not ask a node for what that has forgotten", function()
    local g = start("line", 2)
    g:run(5)
    g.world:cut("n1", "n0")
    g:add("n0")
    g:run(HOP + MS) -- the value is lost
    g:heal()
    repeat
      g:run(0.01)
    until count(g:sent(), "plum_ihave") > 0
    g.world:cut("n0", "n1") -- and so are the questions
    g:run(5)
    assert(count(g:sent(), "plum_graft") > 5)
    g:restart("n0")
    g:heal()
    local value = g:add("n0")
    assert(g:settle(5, nil, { value }))
    g:run(5)
    assert.same({}, g:sent_within(60))
  end)

  it("goes back to a tree after a graft, though the way that broke was the faster one", function()
    local g = start("total", 3)
    for _ = 1, 2 do
      g:add("n0")
      g:run(5)
    end
    g:cut({ "n0" }, { "n2" })
    g:add("n0")
    assert(g:settle(1.25 * LAZY + PATIENCE + 4 * HOP))
    g:heal()
    g:add("n0")
    g:run(5)
    for _ = 1, 3 do
      g:journal()
      g:add("n0")
      g:run(5)
      assert.equal(2, count(g:sent(), "plum_values"))
    end
  end)

  it("does not ask somebody who is no neighbour", function()
    local g = start("line", 3)
    g:tell("n0", { type = "plum_ihave", values = { "x-1" }, from = 0, version = 1, session = 1,
      got = 0 })
    g.world:send("n2", "n0", { type = "plum_ihave", values = { "x-2" }, from = 0, version = 1,
      session = 1, got = 0 })
    g.world:journal()
    g:run(20)
    assert.not_matches("plum_graft", g.world:journal())
  end)

  it("does not announce a value to where it came from", function()
    local g = start("line", 2)
    g:add("n0")
    g:run(10)
    for _, message in ipairs(g:sent()) do
      assert(message.src == "n0" or not (message.body.values or {})[1])
    end
  end)

  it("refuses messages that are not of its form", function()
    local g = start("line", 2)
    for _, body in ipairs({
      { type = "plum_values" }, { type = "plum_values", list = { 1 } },
      { type = "plum_values", list = { { "x", 1 } } },
      { type = "plum_values", list = { { 1, 1, "n0" } } },
      { type = "plum_prune" }, { type = "plum_graft" }, { type = "plum_ihave", values = {} },
    }) do
      local _, err = g:ask("n0", body)
      assert.equal("malformed_request", err.name)
    end
    assert.equal(0, g:count("n0"))
  end)
end)
