local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local topology = require "hearsay.topology"

local LATENCY = 100 -- milliseconds

local function start(graph, n, options)
  options = options or {}
  options.nodes, options.latency, options.graph = n, LATENCY, graph
  return gossip_lab.start({ "flood" }, options)
end

describe("flood", function()
  it("brings a value everywhere within the diameter, for 2e - (n - 1) messages", function()
    for _, graph in ipairs({ "line", "grid", "tree4", "ring", "star", "hypercube", "total" }) do
      local g = start(graph, 12)
      for _, id in ipairs({ "n0", "n5", "n11" }) do
        g:sent()
        g:add(id)
        local hops = 0
        for _, length in pairs(topology.path_lengths(g.graph, id)) do
          hops = math.max(hops, length)
        end
        assert.near(hops * LATENCY / 1000, assert(g:settle(5)), 0.0021, graph)
        g:run(2)
        assert.equal(2 * topology.edges(g.graph) - 11, #g:sent(), graph)
      end
    end
  end)

  it("costs at most 2e messages a value with any latencies", function()
    for seed = 1, 5 do
      local g = start("grid", 16, { latency_dist = "exponential", seed = seed })
      for i = 0, 15 do
        g:add("n" .. i)
      end
      assert(g:settle(20))
      g:run(5)
      assert(#g:sent() <= 16 * 2 * topology.edges(g.graph))
    end
  end)

  it("sends a value that is not new to nobody", function()
    local g = start("grid", 4)
    g:add("n0", "x")
    g:run(2)
    g:sent()
    g:add("n3", "x")
    g:run(2)
    assert.same({}, g:sent())
  end)

  it("goes to all other nodes until neighbours are set", function()
    local g = start(nil, 5)
    g:add("n2")
    assert.near(0.1, assert(g:settle(1)), 0.0021)
    assert.equal(4 * 4, #g:sent()) -- each of the others passes it on to three
  end)

  it("survives a loss only where there is another way", function()
    local g = start("ring", 6)
    g.world:cut("n1", "n0")
    g:add("n0")
    assert(g:settle(3))
    g = start("line", 6)
    g.world:cut("n1", "n0")
    g:add("n0")
    g:run(1)
    g:heal()
    local took, text = g:settle(10)
    assert.is_nil(took)
    assert.matches("^n1 lacks 0 ", text)
  end)

  it("refuses a message without a value", function()
    local g = start("line", 2)
    local _, err = g:ask("n0", { type = "flood" })
    assert.equal("malformed_request", err.name)
  end)
end)
