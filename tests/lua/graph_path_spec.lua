-- Ranks of components, parts of graphs, and shortest paths.

local graph = require "sim.checkers.graph"
local randoms = require "hearsay.random"

-- "a>b:x": an edge from a to b with the label x.
local function parse(text)
  local g = graph.new()
  for from, to, label in text:gmatch("(%w+)>(%w+):?(%w*)") do
    g:edge(from, to, label)
  end
  return g
end

local function path(g, from, to, options)
  local vertices, labels, length = g:path(from, to, options)
  if vertices then
    assert.equal(#vertices - 1, #labels)
    return table.concat(vertices, " ") .. " " .. length
  end
end

describe("a shortest path", function()
  it("is found", function()
    local g = parse("a>b b>c c>d a>c d>a")
    assert.equal("a c d 2", path(g, "a", "d"))
    assert.equal("d a b 2", path(g, "d", "b"))
    assert.equal("a 0", path(g, "a", "a"))
    assert.is_nil(path(parse("a>b c>b"), "a", "c"))
  end)

  it("takes only edges that are allowed, and not more than is asked for", function()
    local g = parse("a>b:x b>c:y a>d:x d>e:x e>c:x")
    assert.equal("a b c 2", path(g, "a", "c"))
    assert.equal("a d e c 3", path(g, "a", "c", { allowed = { x = true } }))
    assert.is_nil(path(g, "a", "c", { allowed = { y = true } }))
    assert.equal("a b c 2", path(g, "a", "c", { longest = 2 }))
    assert.is_nil(path(g, "a", "c", { longest = 1 }))
  end)

  it("does not count free edges", function()
    local g = parse("a>b:x b>z:x a>c:x c>d:free d>e:free e>z:free")
    assert.equal("a b z 2", path(g, "a", "z"))
    assert.equal("a c d e z 1", path(g, "a", "z", { free = { free = true } }))
    local _, labels = g:path("a", "z", { free = { free = true } })
    assert.same({ "x", "free", "free", "free" }, labels)
    -- A vertex that was reached in one step may be nearer by free edges.
    g = parse("a>b:x b>c:x a>d:free d>e:free e>b:free")
    assert.equal("a d e b c 1", path(g, "a", "c", { free = { free = true } }))
  end)

  it("is as short as any, in random graphs", function()
    for seed = 1, 100 do
      local random = randoms.stream(seed, "paths")
      local g, distance = graph.new(), {}
      local n = 2 + random:upto(8)
      for i = 1, n do
        g:vertex(i)
        distance[i] = {}
        for j = 1, n do
          distance[i][j] = i == j and 0 or math.huge
        end
      end
      for _ = 1, random:upto(3 * n) do
        local i, j, is_free = random:upto(n), random:upto(n), random:upto(3) == 1
        g:edge(i, j, is_free and "free" or "one")
        distance[i][j] = math.min(distance[i][j], is_free and 0 or 1)
      end
      for k = 1, n do
        for i = 1, n do
          for j = 1, n do
            distance[i][j] = math.min(distance[i][j], distance[i][k] + distance[k][j])
          end
        end
      end
      local _, ranks = g:components()
      for i = 1, n do
        for j = 1, n do
          local _, _, length = g:path(i, j, { free = { free = true } })
          assert.equal(distance[i][j], length or math.huge, "seed " .. seed)
          _, _, length = g:path(i, j, { free = { free = true }, ranks = ranks, least = ranks[j] })
          assert.equal(distance[i][j], length or math.huge, "by ranks, seed " .. seed)
        end
      end
    end
  end)
end)

describe("the ranks of components", function()
  it("never rise along an edge, and are equal within a component", function()
    for seed = 1, 100 do
      local random = randoms.stream(seed, "ranks")
      local g = graph.new()
      local n = 1 + random:upto(12)
      for i = 1, n do
        g:vertex(i)
      end
      for _ = 1, random:upto(2 * n) do
        g:edge(random:upto(n), random:upto(n), random:upto(2))
      end
      local allowed = { true }
      local components, ranks = g:components(allowed)
      assert.equal(n, #ranks)
      for i, targets in ipairs(g.targets) do
        for at, j in ipairs(targets) do
          assert.is_true(g.labels[i][at] == 2 or ranks[i] >= ranks[j], "seed " .. seed)
        end
      end
      for _, component in ipairs(components) do
        for _, vertex in ipairs(component) do
          assert.equal(ranks[component[1]], ranks[vertex])
        end
      end
    end
  end)
end)

describe("pairs that a path joins", function()
  local function random_graph(random, n, edges)
    local g = graph.new()
    for i = 1, n do
      g:vertex(i)
    end
    for _ = 1, edges do
      g:edge(random:upto(n), random:upto(n), random:upto(4) == 1 and "no" or "yes")
    end
    return g
  end

  local function all_pairs(n)
    local pairs_of = {}
    for i = 1, n do
      for j = 1, n do
        pairs_of[#pairs_of + 1] = { i, j }
      end
    end
    return pairs_of
  end

  it("are found, more than there are bits", function()
    local allowed = { yes = true }
    for seed = 1, 10 do
      local random = randoms.stream(seed, "joined")
      local n = random:upto(120)
      local g = random_graph(random, n, random:upto(2 * n))
      local roots = random:shuffle((function()
        local places = {}
        for i = 1, n do
          places[i] = i
        end
        return places
      end)())
      local _, ranks = g:components(allowed, roots)
      local joined, is_all = g:joined(all_pairs(n), allowed, ranks, math.huge)
      assert.is_true(is_all)
      local expected, found = 0, {}
      for _, pair in ipairs(joined) do
        found[pair[1] * 1000 + pair[2]] = true
      end
      for i = 1, n do
        for j = 1, n do
          local is_joined = g:path(i, j, { allowed = allowed }) ~= nil
          assert.equal(is_joined, found[i * 1000 + j] or false,
            ("seed %d: %d to %d"):format(seed, i, j))
          expected = expected + (is_joined and 1 or 0)
        end
      end
      assert.equal(expected, #joined)
    end
  end)

  it("are not all found where the budget ends", function()
    local g = random_graph(randoms.stream(1, "joined"), 200, 400)
    local _, ranks = g:components()
    local allowed = { yes = true, no = true }
    local whole = g:joined(all_pairs(200), allowed, ranks, math.huge)
    local part, is_all = g:joined(all_pairs(200), allowed, ranks, 1)
    assert.is_false(is_all)
    assert.is_true(#part > 0 and #part < #whole)
    assert.same({ {}, false }, { g:joined(all_pairs(200), allowed, ranks, 0) })
    assert.same({ {}, true }, { g:joined({}, allowed, ranks, 0) })
  end)
end)

describe("a part of a graph", function()
  it("has the edges between its vertices, in their order", function()
    local part = parse("a>b:1 b>c:2 c>a:3 a>c:4 c>d:5 d>a:6"):part({ "c", "a" })
    assert.same({ "c", "a" }, part.vertices)
    assert.same({ { 2 }, { 1 } }, part.targets)
    assert.same({ { "3" }, { "4" } }, part.labels)
  end)
end)
