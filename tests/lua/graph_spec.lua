-- Strongly connected components of labelled graphs.

local graph = require "sim.checkers.graph"
local randoms = require "hearsay.random"

describe("the strongly connected components of", function()
  -- "a>b b>c" as a graph; a label may follow: "a>b:ww".
  local function parse(text)
    local g = graph.new()
    for from, to, label in text:gmatch("(%w+)>(%w+):?(%w*)") do
      g:edge(from, to, label)
    end
    return g
  end

  for text, expected in pairs {
    [""] = {},
    ["a>b"] = {},
    ["a>b b>c a>c"] = {},
    ["a>a"] = {},
    ["a>b b>a"] = { { "a", "b" } },
    ["a>b b>c c>a"] = { { "a", "b", "c" } },
    ["a>b b>a b>c c>d d>c"] = { { "a", "b" }, { "c", "d" } },
    ["a>b b>a b>c c>d d>c d>a"] = { { "a", "b", "c", "d" } },
    ["a>b b>c c>b d>a"] = { { "b", "c" } },
    ["a>b a>b b>a"] = { { "a", "b" } },
    -- Two cycles that share a vertex are one component.
    ["a>b b>a a>c c>a"] = { { "a", "b", "c" } },
    -- A vertex that is finished takes no part, though an edge leads to it.
    ["a>x b>x b>c c>b a>b"] = { { "b", "c" } },
  } do
    it('"' .. text .. '"', function()
      assert.same(expected, parse(text):components())
    end)
  end

  it("a graph by the labels that count", function()
    local g = parse("a>b:ww b>a:wr a>c:ww c>a:ww")
    assert.same({ { "a", "b", "c" } }, g:components())
    assert.same({ { "a", "c" } }, g:components({ ww = true }))
    assert.same({}, g:components({ wr = true }))
  end)

  it("vertices in the order in which they came, whatever they are", function()
    local g, vertices = graph.new(), {}
    for i = 1, 50 do
      vertices[i] = { name = i }
    end
    for i = 1, 50 do
      g:edge(vertices[i], vertices[i % 50 + 1], "next")
    end
    local found = g:components()
    assert.equal(1, #found)
    for i = 1, 50 do
      assert.equal(vertices[i], found[1][i])
    end
  end)

  it("a path of 200,000 vertices, closed or not", function()
    local g = graph.new()
    for i = 1, 200000 do
      g:edge(i, i + 1, "next")
    end
    assert.same({}, g:components())
    g:edge(200001, 1, "back")
    assert.equal(200001, #g:components()[1])
  end)

  it("random graphs, as mutual reachability has them", function()
    for seed = 1, 200 do
      local random = randoms.stream(seed, "graph")
      local count = random:upto(12)
      local g, reach = graph.new(), {}
      for i = 1, count do
        g:vertex(i)
        reach[i] = {}
      end
      for _ = 1, random:upto(2 * count + 1) - 1 do
        local from, to = random:upto(count), random:upto(count)
        g:edge(from, to, "next")
        reach[from][to] = true
      end
      for k = 1, count do
        for i = 1, count do
          for j = 1, count do
            reach[i][j] = reach[i][j] or (reach[i][k] and reach[k][j])
          end
        end
      end
      local expected, taken = {}, {}
      for i = 1, count do
        local component = { i }
        for j = i + 1, count do
          if reach[i][j] and reach[j][i] then
            component[#component + 1] = j
          end
        end
        if #component > 1 and not taken[i] then
          expected[#expected + 1] = component
          for _, j in ipairs(component) do
            taken[j] = true
          end
        end
      end
      assert.same(expected, g:components(), "seed " .. seed)
    end
  end)
end)
