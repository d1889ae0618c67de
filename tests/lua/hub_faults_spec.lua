-- hearsay.gossip.hub where nodes are cut off, or restarted.

local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local randoms = require "hearsay.random"

local range = gossip_lab.range

local WINDOW, HOP, MARGIN, PATIENCE = 0.3, 0.1, 0.02, 3 -- seconds; the last in windows
local MS = 0.0011 -- what settle may be late

-- Nodes that spread values with these constants; options as of lab.start, words more parameters.
local function start(n, options, ...)
  options = options or {}
  options.nodes, options.latency = n, options.latency or HOP * 1000
  return gossip_lab.start({ "hub", ... }, options)
end

-- Where ups went and downs came from, in the messages sent since the last look.
local function hubs_of(messages)
  local hubs = {}
  for _, message in ipairs(messages) do
    hubs[message.body.type == "hub_up" and message.dest or message.src] = true
  end
  return hubs
end

describe("hub, when it is cut off,", function()
  -- Until all are with the next hub: each leaf, and then that hub itself, waits for its patience.
  local TURN = 2 * (PATIENCE + 3) * WINDOW + 6 * HOP
  -- Until all are back with the first: it knocks once a second.
  local BACK = 1 + 3 * WINDOW + 4 * HOP

  it("is left for the next in the list, after its patience and not before", function()
    for _, patience in ipairs({ 2, 3, 6 }) do
      local g = start(4, nil, "patience=" .. patience)
      for _, id in ipairs(g.ids) do
        g:add(id)
      end
      g:run(3)
      g:isolate("n0")
      g:journal()
      local cut_at = g:now()
      g:add("n3")
      assert(g:settle(30, range(1, 3)))
      local turned_at
      for _, message in ipairs(g:sent()) do
        if message.src == "n3" and message.dest == "n1" then
          turned_at = turned_at or message.time - cut_at
        end
      end
      assert(turned_at >= patience * WINDOW, turned_at)
      assert(turned_at <= (patience + 3) * WINDOW + 2 * HOP, turned_at)
    end
  end)

  it("has the others go on among themselves, also those who had nothing to say", function()
    for seed = 1, 4 do
      local g = start(6, { seed = seed })
      local random = randoms.stream(seed, "load")
      g:load(random, 2, 20)
      assert(g:settle(1))
      g:run(random:unit() * 5)
      g:isolate("n0")
      g:add("n" .. random:upto(5)) -- one value: the other leaves are silent
      assert(g:settle(TURN, range(1, 5)))
      g:run(random:unit() * 20)
      for i = 1, 5 do
        g:add("n" .. i)
        assert(g:settle(WINDOW + MARGIN + 2 * HOP + MS, range(1, 5)))
      end
    end
  end)

  it("has the others find each other even when it never was there", function()
    local g = start(4)
    g:isolate("n0")
    g:add("n3")
    assert(g:settle(TURN + 2 * WINDOW, range(1, 3)))
  end)

  it("is followed by one after the other, as far as need be", function()
    local g = start(6)
    g:load(randoms.stream(1, "load"), 2, 20)
    assert(g:settle(1))
    for alone = 0, 3 do
      g:isolate("n" .. alone)
      g:add("n5")
      assert(g:settle(TURN, range(alone + 1, 5)))
      g:add("n4")
      g:add("n5")
      assert(g:settle(TURN, range(alone + 1, 5)))
    end
    g:isolate("n4", "n5")
    g:add("n5")
    g:run(10)
    g:heal()
    assert(g:settle(BACK))
  end)

  it("is passed over quickly where it was found by trying", function()
    local g = start(6)
    g:load(randoms.stream(1, "load"), 2, 20)
    assert(g:settle(1))
    g:isolate("n0", "n1", "n2")
    g:add("n5")
    -- The first after its patience, two more after a window; and a window for each way there and
    -- back, as long as that is not known, and for the slot.
    assert(g:settle((PATIENCE + 2) * WINDOW + 2 * 4 * WINDOW + 2 * HOP, { "n3", "n5" }))
  end)

  it("is not sent again what it has, when its leaves come back", function()
    local g = start(4)
    g:load(randoms.stream(1, "load"), 20, 10)
    assert(g:settle(1))
    g:run(2)
    g:isolate("n0")
    for i = 1, 3 do
      g:add("n" .. i)
    end
    g:run(8)
    g:journal()
    g:heal()
    assert(g:settle(BACK))
    g:run(BACK)
    local ups = 0
    for _, message in ipairs(g:sent()) do
      if message.body.type == "hub_up" and message.dest == "n0" then
        ups = ups + 1
        assert(#message.body.values <= 20, #message.body.values)
      end
    end
    assert(ups >= 3)
  end)

  it("hears no more of a leaf that was a hub for itself, and nor do the others", function()
    for _, has_values in ipairs({ true, false }) do
      local g = start(6, nil, "keepalive=3")
      g:add("n2")
      assert(g:settle(1))
      g:isolate("n2")
      if has_values then
        g:add("n2")
      end
      g:run(40)
      g:heal()
      g:run(5) -- a keep-alive at most
      assert(g:settle(BACK))
      g:run(5)
      for _, message in ipairs(g:sent_within(60)) do
        assert.same({ "hub_down", "n0" }, { message.body.type, message.src })
      end
    end
  end)

  it("gets everybody back once it can be reached, and all that they had meanwhile", function()
    for seed = 1, 4 do
      local g = start(6, { seed = seed })
      local random = randoms.stream(seed, "load")
      g:load(random, 2, 20)
      g:isolate("n0")
      g:load(random, 10, 10)
      g:journal()
      g:load(random, 2, 10)
      assert.is_true(hubs_of(g:sent()).n1)
      g:heal()
      assert(g:settle(BACK), seed)
      g:load(random, 2 * PATIENCE * WINDOW + 1, 20) -- n1 finds out that nobody follows it
      g:journal()
      g:load(random, 10, 20)
      assert.same({ n0 = true }, hubs_of(g:sent()))
      assert(g:settle(WINDOW + MARGIN + 2 * HOP + MS))
    end
  end)

  it("leaves nobody behind when the next hub was cut off for a time as well", function()
    local g = start(5)
    g:load(randoms.stream(1, "load"), 2, 20)
    g:isolate("n0", "n1")
    g:add("n2")
    g:add("n1")
    g:run(20)
    g:heal()
    g:isolate("n0") -- and the first hub stays away
    g:add("n4")
    assert(g:settle(BACK, range(1, 4)))
    g:run(50)
    g:add("n1")
    assert(g:settle(WINDOW + MARGIN + 2 * HOP + MS, range(1, 4)))
  end)

  it("is missed by leaves that never say anything, for want of keep-alives", function()
    local keepalive = 2
    for _, first in ipairs({ "n0", "n3" }) do
      local g = start(4, nil, "keepalive=" .. keepalive)
      g:add(first)
      assert(g:settle(2))
      g:isolate("n0")
      local hubs = hubs_of(g:sent_within(4 * keepalive + TURN))
      assert.is_true(hubs.n1)
      g:add("n1")
      assert(g:settle(WINDOW + MARGIN + 2 * HOP + MS, range(1, 3)))
    end
  end)

  it("one way only, from any node to any other, keeps nobody from the values", function()
    for receiver = 0, 3 do
      for sender = 0, 3 do
        if receiver ~= sender then
          local g = start(4)
          g:load(randoms.stream(1, "load"), 1, 20)
          g.world:cut("n" .. receiver, "n" .. sender)
          g:load(randoms.stream(2, "load"), 3, 20)
          -- n1 has nobody to follow but n0: without it, n1 is heard, and hears after the cut.
          local ids = receiver == 1 and sender == 0 and { "n0", "n2", "n3" } or g.ids
          local _, text = g:settle(4 * TURN, ids)
          assert.is_nil(text and ("n%d does not hear n%d: %s"):format(receiver, sender, text))
          g:heal()
          g:load(randoms.stream(3, "load"), 4, 20)
          assert(g:settle(BACK))
        end
      end
    end
  end)

  it("loses nothing in cuts of every shape, one after the other", function()
    for seed = 1, 12 do
      local random = randoms.stream(seed, "shapes")
      local n = 2 + seed % 5
      local g = start(n, { seed = seed, latency_dist = seed % 2 == 0 and "exponential" or nil })
      for _ = 1, 4 do
        local part = random:unit()
        for _, receiver in ipairs(g.ids) do
          for _, sender in ipairs(g.ids) do
            if receiver ~= sender and random:unit() < part then
              g.world:cut(receiver, sender)
            end
          end
        end
        g:load(random, random:unit() * 8, 5)
        g:heal()
        g:load(random, random:unit() * 2, 5)
      end
      local _, text = g:settle(BACK + 10 * HOP) -- latencies may be long
      assert.is_nil(text and ("seed %d: %s"):format(seed, text))
    end
  end)
end)

describe("hub, when nodes are restarted,", function()
  local KEEPALIVE = 2

  local function settled(n)
    local g = start(n, nil, "keepalive=" .. KEEPALIVE)
    for _ = 1, 3 do -- so that each knows that the hub has its first ones
      for _, id in ipairs(g.ids) do
        g:add(id)
      end
      assert(g:settle(1))
      g:run(2)
    end
    return g
  end

  it("gets all values again from its leaves", function()
    local g = settled(4)
    g:restart("n0")
    assert(g:settle(KEEPALIVE + 2 * WINDOW + 3 * HOP))
    g:restart("n0")
    g:add("n2") -- somebody speaks to it before it speaks to them
    assert(g:settle(KEEPALIVE + 2 * WINDOW + 3 * HOP))
  end)

  it("gets them also when all were with another hub meanwhile", function()
    local g = settled(4)
    g.world:kill("n0")
    for i = 1, 3 do
      g:add("n" .. i)
    end
    assert(g:settle(10, range(1, 3)))
    g.cluster:restart("n0")
    assert(g:settle(KEEPALIVE + 2 * WINDOW + 4 * HOP))
  end)

  it("gives a leaf all values again, and takes its new ones", function()
    local g = settled(4)
    g:restart("n2")
    assert(g:settle(KEEPALIVE + 3 * WINDOW + 4 * HOP))
    g:restart("n3")
    g:add("n3")
    assert(g:settle(KEEPALIVE + 3 * WINDOW + 4 * HOP))
    g:restart("n1")
    g:add("n0")
    assert(g:settle(KEEPALIVE + 3 * WINDOW + 4 * HOP))
  end)

  it("loses nothing that one who was not restarted has", function()
    for seed = 1, 8 do
      local random = randoms.stream(seed, "kills")
      local n = 2 + seed % 4
      local g = start(n, { seed = seed }, "keepalive=" .. KEEPALIVE)
      for _ = 1, 4 do
        g:load(random, 1.5, 5)
        local _, text = g:settle(KEEPALIVE + 8 * WINDOW + 4 * HOP)
        assert.is_nil(text and ("seed %d: %s"):format(seed, text))
        g:run(random:unit() * 3)
        local ids = random:shuffle(table.move(g.ids, 1, n, 1, {}))
        local killed = random:upto(n - 1)
        for i = 1, killed do
          g.world:kill(ids[i])
        end
        g:run(random:unit() * 6)
        g:add(ids[n])
        for i = 1, killed do
          g.cluster:restart(ids[i])
          g:run(random:unit())
        end
      end
      local _, text = g:settle(KEEPALIVE + 8 * WINDOW + 4 * HOP)
      assert.is_nil(text and ("seed %d: %s"):format(seed, text))
    end
  end)
end)
