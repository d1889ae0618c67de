local topology = require "hearsay.topology"

local function ids(n)
  local list = {}
  for i = 1, n do
    list[i] = "n" .. i - 1
  end
  return list
end

-- A generator of its own, so that the same seed gives the same numbers everywhere.
local function random_from(seed)
  local state = seed
  return function()
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  end
end

-- What is wrong with a graph, or nil.
local function fault_in(graph, list)
  local position, knows = {}, {}
  for i, id in ipairs(list) do
    position[id] = i
    for _, neighbor in ipairs(graph[id]) do
      knows[id .. " " .. neighbor] = true
    end
  end
  for id, neighbors in pairs(graph) do
    local last = 0
    for _, neighbor in ipairs(neighbors) do
      if position[neighbor] <= last then
        return "the neighbours of " .. id .. " are not in the order of ids"
      elseif neighbor == id or not knows[neighbor .. " " .. id] then
        return id .. " knows " .. neighbor
      end
      last = position[neighbor]
    end
  end
end

describe("topology", function()
  it("is symmetric, ordered and whole for every name and size", function()
    for _, name in ipairs(topology.names) do
      for n = 1, 26 do
        local graph = topology.build(name, ids(n))
        assert.is_nil(fault_in(graph, ids(n)))
        assert.is_true(topology.diameter(graph) < n, name .. " " .. n)
      end
    end
  end)

  it("has no nodes for no ids", function()
    for _, name in ipairs(topology.names) do
      if name ~= "star" then
        assert.same({}, topology.build(name, {}))
      end
    end
  end)

  it("makes a line", function()
    assert.same({ n0 = { "n1" }, n1 = { "n0", "n2" }, n2 = { "n1" } }, topology.line(ids(3)))
  end)

  it("makes a ring, with one edge between two", function()
    assert.same({ n0 = { "n1", "n3" }, n1 = { "n0", "n2" }, n2 = { "n1", "n3" },
      n3 = { "n0", "n2" } }, topology.ring(ids(4)))
    assert.same({ n0 = { "n1" }, n1 = { "n0" } }, topology.ring(ids(2)))
    assert.same({ n0 = {} }, topology.ring(ids(1)))
  end)

  it("makes Maelstrom's grid, also where the last row is short", function()
    assert.same({
      n1 = { "n2", "n4" }, n2 = { "n1", "n3", "n5" }, n3 = { "n2" },
      n4 = { "n1", "n5" }, n5 = { "n2", "n4" },
    }, topology.grid({ "n1", "n2", "n3", "n4", "n5" }))
    local graph = topology.grid(ids(25))
    assert.same({ "n7", "n11", "n13", "n17" }, graph.n12)
    assert.same({ 40, 4, 8 },
      { topology.edges(graph), topology.degree(graph), topology.diameter(graph) })
  end)

  it("makes trees in heap order", function()
    local graph = topology.tree(ids(7), 2)
    assert.same({ "n1", "n2" }, graph.n0)
    assert.same({ "n0", "n3", "n4" }, graph.n1)
    assert.same({ "n2" }, graph.n6)
    assert.same(graph, topology.tree(ids(7)))
    local tree4 = topology.build("tree4", ids(25))
    assert.same({ "n0", "n5", "n6", "n7", "n8" }, tree4.n1)
    assert.same({ 24, 5 }, { topology.edges(tree4), topology.degree(tree4) })
    assert.equal(5, topology.diameter(tree4)) -- the deepest leaf is alone on its level
    assert.same(topology.line(ids(5)), topology.tree(ids(5), 1))
  end)

  it("makes a star around any hub", function()
    assert.same({ n0 = { "n1", "n2" }, n1 = { "n0" }, n2 = { "n0" } }, topology.star(ids(3)))
    assert.same({ n0 = { "n1" }, n1 = { "n0", "n2" }, n2 = { "n1" } }, topology.star(ids(3), "n1"))
    assert.equal(2, topology.diameter(topology.build("star", ids(25), "n7")))
  end)

  it("makes everybody a neighbour of everybody", function()
    local graph = topology.total(ids(6))
    assert.same({ 15, 5, 1 },
      { topology.edges(graph), topology.degree(graph), topology.diameter(graph) })
  end)

  it("makes a hypercube, and the part of one where n is no power of two", function()
    local graph = topology.hypercube(ids(8))
    assert.same({ "n1", "n4", "n7" }, graph.n5)
    assert.same({ 12, 3, 3 },
      { topology.edges(graph), topology.degree(graph), topology.diameter(graph) })
    assert.same({ "n0", "n5", "n6" }, topology.hypercube(ids(7)).n4)
  end)

  describe("random regular", function()
    it("gives each node its degree and is whole", function()
      for _, case in ipairs({ { 1, 0 }, { 2, 1 }, { 3, 2 }, { 25, 2 }, { 25, 4 }, { 24, 3 },
        { 8, 7 }, { 6, 5 }, { 100, 6 }, { 10, 9 } }) do
        local n, degree = case[1], case[2]
        for seed = 1, 5 do
          local graph = topology.random_regular(ids(n), degree, random_from(seed))
          assert.is_nil(fault_in(graph, ids(n)))
          for id, neighbors in pairs(graph) do
            assert.equal(degree, #neighbors, id)
          end
          assert.is_true(topology.diameter(graph) < math.max(n, 1))
        end
      end
    end)

    it("is the same for the same numbers and another for others", function()
      local function make(seed)
        return topology.random_regular(ids(25), 4, random_from(seed))
      end
      assert.same(make(7), make(7))
      assert.not_same(make(7), make(8))
    end)

    it("mixes: it is no longer the ring it starts from", function()
      local graph = topology.random_regular(ids(100), 4, random_from(3))
      assert.is_true(topology.diameter(graph) < 10) -- the ring's is 25
      assert.is_true(topology.path_lengths(graph, "n0").n50 < 10)
    end)

    it("says what is not possible", function()
      local random = random_from(1)
      assert.has_error(function() topology.random_regular(ids(5), 3, random) end,
        "topology.random_regular: degree times nodes must be even, got 3 x 5")
      assert.has_error(function() topology.random_regular(ids(5), 5, random) end,
        "topology.random_regular: the degree must be below the number of nodes, 5, got 5")
      assert.has_error(function() topology.random_regular(ids(5), 1, random) end,
        "topology.random_regular: the degree must be an integer from 2 on, got 1")
      assert.has_error(function() topology.random_regular(ids(5), 2) end,
        "topology.random_regular: expected a random function, got nil")
    end)
  end)

  it("says what it expected, at the caller's line", function()
    for _, case in ipairs({
      { function() topology.build("mesh", ids(3)) end,
        'unknown topology "mesh"; known are line, grid, ring, tree, tree2, tree3, tree4, star, '
        .. "total, hypercube" },
      { function() topology.build(nil, ids(3)) end, "unknown topology nil; known are line" },
      { function() topology.build("line", "n1") end, "expected a list of node ids, got string" },
      { function() topology.grid() end, "topology.grid: expected a list of node ids, got nil" },
      { function() topology.line({ "a", 5 }) end, "topology.line: node id 2 must be a string" },
      { function() topology.ring({ "a", "b", "a" }) end, 'node id "a" is there twice' },
      { function() topology.tree(ids(3), 0) end, "children must be an integer from 1 on, got 0" },
      { function() topology.build("tree", ids(3), "x") end, "from 1 on, got x" },
      { function() topology.star(ids(3), "n9") end, "hub must be one of the node ids, got n9" },
      { function() topology.diameter("x") end, "topology.diameter: expected a topology" },
      { function() topology.path_lengths({ a = {} }, "b") end, "no such node: b" },
    }) do
      local ok, message = pcall(case[1])
      assert.is_false(ok)
      assert.matches("topology_spec.lua:%d+: topology%.", message)
      assert.matches(case[2], message, 1, true)
    end
  end)

  it("finds a node's neighbours in a message, a body or the table itself", function()
    local map = { n1 = { "n2", "n3" }, n2 = { "n1" } }
    local body = { type = "topology", topology = map }
    for _, message in ipairs({ { src = "c1", dest = "n1", body = body }, body, map }) do
      assert.same({ "n2", "n3" }, topology.neighbors(message, "n1"))
      assert.same({}, topology.neighbors(message, "n9"))
    end
    local list = topology.neighbors(map, "n1")
    list[1] = "changed"
    assert.same({ "n2", "n3" }, map.n1)
  end)

  it("finds no neighbours in what is no topology", function()
    for _, message in ipairs({ 5, "x", {}, { body = 5 }, { body = {} }, { topology = 7 },
      { topology = { n1 = "n2" } }, { n1 = 5 } }) do
      assert.same({}, topology.neighbors(message, "n1"))
    end
    assert.same({}, topology.neighbors(nil, "n1"))
    assert.same({ "n2" }, topology.neighbors({ n1 = { "n1", 5, "n2" } }, "n1"))
  end)

  it("measures", function()
    local graph = topology.line(ids(5))
    assert.same({ n0 = 2, n1 = 1, n2 = 0, n3 = 1, n4 = 2 }, topology.path_lengths(graph, "n2"))
    assert.equal(4, topology.diameter(graph))
    assert.equal(2, topology.degree(graph))
    assert.equal(4, topology.edges(graph))
    local apart = { a = { "b" }, b = { "a" }, c = {} }
    assert.equal(math.huge, topology.diameter(apart))
    assert.same({ a = 0, b = 1 }, topology.path_lengths(apart, "a"))
    assert.equal(0, topology.diameter({ a = {} }))
  end)
end)
