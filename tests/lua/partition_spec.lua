-- sim.nemesis.partition: the shapes of partitions.

local lab = require "hearsay.testing"
local partition = require "sim.nemesis.partition"
local randoms = require "hearsay.random"

local SHAPES = { "one", "minority_third", "majority", "majorities_ring" }

-- A grudge as a table: deaf[receiver][sender] is true.
local function pairs_of(grudge)
  local deaf = {}
  for receiver, senders in pairs(grudge) do
    deaf[receiver] = {}
    for _, sender in ipairs(senders) do
      deaf[receiver][sender] = true
    end
  end
  return deaf
end

local function draw(n, shape, seed)
  local ids = lab.ids(n)
  local grudge, text = partition.draw(ids, randoms.stream(seed or 1, "test"), shape)
  local deaf = pairs_of(grudge)
  for _, id in ipairs(ids) do
    deaf[id] = deaf[id] or {}
  end
  return deaf, ids, text
end

-- The sizes of the groups of nodes that hear each other, smallest first; raises where the cut is
-- not the same both ways, or does not fall into groups.
local function groups(deaf, ids)
  local sizes, group_of = {}, {}
  for _, id in ipairs(ids) do
    if not group_of[id] then
      sizes[#sizes + 1] = 0
      for _, other in ipairs(ids) do
        if not deaf[id][other] then
          group_of[other] = #sizes
          sizes[#sizes] = sizes[#sizes] + 1
        end
      end
    end
  end
  for _, id in ipairs(ids) do
    for _, other in ipairs(ids) do
      assert.equal(group_of[id] ~= group_of[other], deaf[id][other] or false)
    end
  end
  table.sort(sizes)
  return sizes
end

-- Those whom a node hears, itself among them, in one text; and how many they are.
local function heard(deaf, ids, id)
  local list = {}
  for _, other in ipairs(ids) do
    list[#list + 1] = not deaf[id][other] and other or nil
  end
  return table.concat(list, " "), #list
end

describe("a partition", function()
  it("never keeps a node from itself, in any shape and number of nodes", function()
    for _, shape in ipairs(SHAPES) do
      for n = 1, 25 do
        local deaf, ids = draw(n, shape, n)
        for _, id in ipairs(ids) do
          assert.is_nil(deaf[id][id], shape .. " of " .. n)
        end
      end
    end
  end)

  it("puts one node alone, any one, in both directions", function()
    local alone = {}
    for seed = 1, 60 do
      local deaf, ids, text = draw(5, "one", seed)
      assert.same({ 1, 4 }, groups(deaf, ids))
      for _, id in ipairs(ids) do
        if select(2, heard(deaf, ids, id)) == 1 then
          alone[id] = true
          assert.equal(id .. " alone", text)
        end
      end
    end
    assert.same({ n0 = true, n1 = true, n2 = true, n3 = true, n4 = true }, alone)
  end)

  it("puts less than a third alone", function()
    for n, minority in pairs({ [4] = 1, [5] = 1, [6] = 1, [7] = 2, [9] = 2, [10] = 3, [25] = 8 }) do
      assert.same({ minority, n - minority }, groups(draw(n, "minority_third")))
      assert(minority * 3 < n)
    end
  end)

  it("cuts nobody where less than a third is none", function()
    for n = 1, 3 do
      assert.same({ 0, n }, { 0, groups(draw(n, "minority_third"))[1] })
      local grudge = partition.draw(lab.ids(n), randoms.stream(1, "test"), "minority_third")
      for _, senders in pairs(grudge) do
        assert.same({}, senders)
      end
    end
  end)

  it("parts two halves, of which one is a majority where the number is odd", function()
    for n, less in pairs({ [2] = 1, [3] = 1, [4] = 2, [5] = 2, [6] = 3, [7] = 3, [25] = 12 }) do
      local deaf, ids, text = draw(n, "majority")
      assert.same({ less, n - less }, groups(deaf, ids))
      assert.equal(n % 2 == 0 and "two halves" or "a majority and a minority", text)
    end
  end)

  it("makes a ring of 3 to 5 nodes in which each hears a majority, and no two the same", function()
    for n = 3, 5 do
      for seed = 1, 20 do
        local deaf, ids = draw(n, "majorities_ring", seed)
        local seen = {}
        for _, id in ipairs(ids) do
          local text, count = heard(deaf, ids, id)
          assert.equal(n // 2 + 1, count)
          assert.is_nil(seen[text], ("%s and %s of %d hear the same"):format(id, seen[text], n))
          seen[text] = id
        end
      end
    end
  end)

  it("links more nodes at random, both ways, until each hears a majority", function()
    local shapes = {}
    for n = 6, 25 do
      for seed = 1, 5 do
        local deaf, ids = draw(n, "majorities_ring", seed)
        local more = 0
        for _, a in ipairs(ids) do
          local text, count = heard(deaf, ids, a)
          assert(count >= n // 2 + 1)
          more = more + count - (n // 2 + 1)
          shapes[text] = true
          for _, b in ipairs(ids) do
            assert.equal(deaf[a][b], deaf[b][a], n)
          end
        end
        assert(more <= 2, ("%d of %d"):format(more, n)) -- the last links find few to link
      end
    end
    local count = 0
    for _ in pairs(shapes) do
      count = count + 1
    end
    assert(count > 1200) -- of 1,550: seldom do two nodes hear the same
  end)

  it("makes a ring whose cuts are the same both ways where the majority is odd", function()
    for _, n in ipairs({ 4, 5 }) do
      local deaf, ids = draw(n, "majorities_ring")
      for _, a in ipairs(ids) do
        for _, b in ipairs(ids) do
          assert.equal(deaf[a][b], deaf[b][a], n)
        end
      end
    end
  end)

  it("leaves every node within reach of every other by way of the ring", function()
    for n = 3, 25 do
      local deaf, ids = draw(n, "majorities_ring")
      local reached, queue = { [ids[1]] = true }, { ids[1] }
      while queue[1] do
        local from = table.remove(queue)
        for _, to in ipairs(ids) do
          if not reached[to] and not deaf[to][from] then
            reached[to] = true
            queue[#queue + 1] = to
          end
        end
      end
      for _, id in ipairs(ids) do
        assert.is_true(reached[id], id)
      end
    end
  end)

  it("is of a random shape unless told which, all of them equally often", function()
    local random, counts = randoms.stream(1, "test"), {}
    for _ = 1, 400 do
      local _, text = partition.draw(lab.ids(9), random)
      text = text:gsub("^n%d", "one")
      counts[text] = (counts[text] or 0) + 1
    end
    local kinds = 0
    for text, count in pairs(counts) do
      kinds = kinds + 1
      assert(count > 70 and count < 130, text .. " " .. count)
    end
    assert.equal(4, kinds)
  end)

  it("is the same for the same random numbers, and leaves the list of ids as it was", function()
    local ids = lab.ids(9)
    assert.same((partition.draw(ids, randoms.stream(3, "test"))),
      (partition.draw(ids, randoms.stream(3, "test"))))
    assert.not_same((partition.draw(ids, randoms.stream(3, "test"), "majority")),
      (partition.draw(ids, randoms.stream(4, "test"), "majority")))
    assert.same(lab.ids(9), ids)
  end)

  it("holds in a world until it is taken back, and leaves other cuts alone", function()
    local nodes = lab.start([[
      local node = require "hearsay"
      local heard = {}
      node.on("hello", function(msg) heard[#heard + 1] = msg.src end)
      node.on("greet", function()
        heard = {}
        for _, id in ipairs(node.peers) do node.send(id, { type = "hello" }) end
        return { type = "greet_ok" }
      end)
      node.on("heard", function()
        table.sort(heard)
        return { type = "heard_ok", text = table.concat(heard, " ") }
      end)
    ]], { nodes = 4, latency = 1 })
    local function heard_now()
      nodes:ask_now(nodes.ids, function() return { type = "greet" } end)
      nodes:run(0.1)
      local replies, texts = nodes:ask_now(nodes.ids, function() return { type = "heard" } end), {}
      for _, id in ipairs(nodes.ids) do
        texts[#texts + 1] = id .. ": " .. replies[id].text
      end
      return texts
    end
    local whole = { "n0: n1 n2 n3", "n1: n0 n2 n3", "n2: n0 n1 n3", "n3: n0 n1 n2" }
    assert.same(whole, heard_now())
    local take_back = partition.apply(nodes.cluster, { n0 = { "n1", "n2" }, n3 = { "n0" } })
    assert.same({ "n0: n3", "n1: n0 n2 n3", "n2: n0 n1 n3", "n3: n1 n2" }, heard_now())
    local other = partition.apply(nodes.cluster, { n0 = { "n1" }, n2 = { "n3" } })
    take_back()
    assert.same({ "n0: n2 n3", "n1: n0 n2 n3", "n2: n0 n1", "n3: n0 n1 n2" }, heard_now())
    other()
    assert.same(whole, heard_now())
  end)
end)
