local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local randoms = require "hearsay.random"

local WINDOW, HOP, MARGIN, PATIENCE = 0.3, 0.1, 0.02, 3 -- seconds; the last in windows
local MS = 0.0011 -- what settle may be late

-- Nodes that spread values with these constants; options as of lab.start, words more parameters.
local function start(n, options, ...)
  options = options or {}
  options.nodes, options.latency = n, options.latency or HOP * 1000
  return gossip_lab.start({ "hub", ... }, options)
end

local function range(from, to)
  local ids = {}
  for i = from, to do
    ids[#ids + 1] = "n" .. i
  end
  return ids
end

-- For values that were added: the most seconds that one took to be at every node, by the journal;
-- and which one that was. `added` maps values to {time, id}.
local function slowest(g, added)
  local arrived, worst, at = {}, 0, "nothing"
  for value, from in pairs(added) do
    arrived[value] = { [from.id] = from.time }
  end
  for _, entry in ipairs(g:journal()) do
    for _, value in ipairs(entry.event == "recv" and entry.body.values or {}) do
      arrived[value][entry.dest] = arrived[value][entry.dest] or entry.time
    end
  end
  for value, from in pairs(added) do
    for _, id in ipairs(g.ids) do
      local took = (arrived[value][id] or math.huge) - from.time
      if took > worst then
        worst, at = took, ("%s from %s at %g s to %s"):format(value, from.id, from.time, id)
      end
    end
  end
  return worst, at
end

-- Adds values at random nodes for some seconds, at uniformly random gaps.
local function load(g, random, seconds, rate, ids)
  local added, stop = {}, g:now() + seconds
  ids = ids or g.ids
  while g:now() < stop do
    local id = ids[random:upto(#ids)]
    added[g:add(id)] = { id = id, time = g:now() }
    g:run(random:unit() * 2 / rate)
  end
  return added
end

-- Where ups went and downs came from, in the messages sent since the last look.
local function hubs_of(messages)
  local hubs = {}
  for _, message in ipairs(messages) do
    hubs[message.body.type == "hub_up" and message.dest or message.src] = true
  end
  return hubs
end

describe("hub, in a calm cluster,", function()
  it("brings a value everywhere within the window, its margin and two hops", function()
    for _, case in ipairs({
      { 2, 0.3, 100 }, { 3, 0.3, 100 }, { 7, 0.3, 0 }, { 5, 0.3, 250 }, { 25, 0.3, 100 },
      { 4, 0.05, 100 }, { 4, 1.5, 100 }, { 3, 1.5, 1 },
    }) do
      local n, window, latency = table.unpack(case)
      for seed = 1, 3 do
        local g = start(n, { seed = seed, latency = latency }, "window=" .. window)
        g:journal()
        local added = load(g, randoms.stream(seed, "load"), 20 * window, 8 / window)
        g:run(4)
        local worst, at = slowest(g, added)
        assert(worst <= window + MARGIN + 2 * latency / 1000 + 1e-6,
          ("%d nodes, window %g, latency %d ms, seed %d: %g s for %s")
            :format(n, window, latency, seed, worst, at))
      end
    end
  end)

  it("does so for the very first value, whoever takes it, and after any quiet", function()
    for first = 0, 3 do
      local g = start(4)
      g:run(0.07 * first)
      for _, quiet in ipairs({ 0, 0.13, 7, 40, 200 }) do
        g:run(quiet)
        for i = 0, 3 do
          g:add("n" .. (first + i) % 4)
          assert(g:settle(WINDOW + MARGIN + 2 * HOP + MS))
        end
      end
    end
  end)

  it("answers a leaf's first message at once, so that it gets into step", function()
    local g = start(4)
    g:run(0.17)
    g:add("n2")
    g:run(2 * HOP + MS)
    local list = {}
    for _, message in ipairs(g:sent()) do
      list[#list + 1] = ("%s to %s at %.2f"):format(message.src, message.dest, message.time)
    end
    assert.same({ "n2 to n0 at 0.17", "n0 to n2 at 0.27" }, { list[1], list[2] })
  end)

  it("confirms a value that it had from another leaf already", function()
    local g = start(4)
    load(g, randoms.stream(1, "load"), 2, 20)
    assert(g:settle(1))
    g:run(3)
    g:add("n1", "twice")
    local is_told = false
    repeat
      g:journal()
      g:run(0.001)
      for _, message in ipairs(g:sent()) do
        is_told = is_told or message.src == "n0"
      end
    until is_told
    g:add("n2", "twice") -- while the hub's message is on its way: this one brings it nothing new
    assert(g:settle(1))
    g:run(3)
    g:journal()
    g:run(60)
    for _, message in ipairs(g:sent()) do
      assert.same({ "hub_down", "n0", 0 },
        { message.body.type, message.src, #message.body.values })
    end
  end)

  it("sends each leaf at most one message a window, and gets at most one from it", function()
    local n = 6
    local g = start(n)
    load(g, randoms.stream(1, "load"), 1, 50) -- so that all are in step
    g:journal()
    local seconds = 30
    load(g, randoms.stream(2, "load"), seconds, 100)
    local sent = g:sent()
    assert(#sent <= 2 * (n - 1) * (seconds / WINDOW + 1))
    local last = {}
    for _, message in ipairs(sent) do
      local way = message.src .. " to " .. message.dest
      assert(message.src == "n0" or message.dest == "n0", way)
      assert(message.time - (last[way] or -1) > WINDOW - 0.005, way .. " at " .. message.time)
      last[way] = message.time
    end
  end)

  it("has ups arrive just before the hub's tick", function()
    local g = start(5)
    load(g, randoms.stream(1, "load"), 2, 50)
    g:journal()
    load(g, randoms.stream(2, "load"), 10, 50)
    local last_up, early = nil, {}
    for _, entry in ipairs(g:journal()) do
      if entry.event == "recv" and entry.body.type == "hub_up" then
        last_up = entry.time
      elseif entry.event == "send" and entry.body.type == "hub_down" and last_up then
        early[#early + 1] = entry.time - last_up
        last_up = nil
      end
    end
    assert(#early > 30)
    for _, seconds in ipairs(early) do
      assert(seconds > 0 and seconds <= MARGIN + 0.002, seconds)
    end
  end)

  it("hears nothing from leaves that have nothing to say but now and then that all came", function()
    local g = start(5)
    g:add("n3")
    assert(g:settle(2))
    g:journal()
    load(g, randoms.stream(1, "load"), 30, 20, { "n0" })
    local ups, downs = 0, 0
    for _, message in ipairs(g:sent()) do
      ups = ups + (message.body.type == "hub_up" and 1 or 0)
      downs = downs + (message.body.type == "hub_down" and 1 or 0)
    end
    assert.near(4 * 30 / WINDOW, downs, 8)
    assert.near(4 * 30 / WINDOW / PATIENCE, ups, 60)
  end)

  it("sends nothing but keep-alives when nothing is new", function()
    local g = start(5, nil, "keepalive=7")
    for _, id in ipairs(g.ids) do
      g:add(id)
    end
    assert(g:settle(2))
    g:run(3)
    g:journal()
    g:run(35)
    for value = 0, 4 do
      g:add("n" .. value, (value + 1) % 5) -- another one's
    end
    g:run(35)
    local sent = g:sent()
    assert.near(4 * 10, #sent, 4)
    for _, message in ipairs(sent) do
      assert.same({ "hub_down", "n0", 0 },
        { message.body.type, message.src, #message.body.values })
    end
  end)

  it("sends nothing but keep-alives when nothing ever was", function()
    local g = start(4)
    g:run(95)
    local sent = g:sent()
    assert.near(3 * 9, #sent, 3)
    for _, message in ipairs(sent) do
      assert.same({ "hub_down", "n0" }, { message.body.type, message.src })
    end
  end)

  it("works with latencies that vary, and where messages overtake each other", function()
    for _, dist in ipairs({ "uniform", "exponential" }) do
      for seed = 1, 3 do
        local g = start(8, { seed = seed, latency_dist = dist })
        load(g, randoms.stream(seed, "load"), 10, 20)
        assert(g:settle(2), seed)
        g.world:fault("reorder", 0.3)
        load(g, randoms.stream(seed, "more"), 10, 20)
        assert(g:settle(4), seed)
      end
    end
  end)
end)

describe("hub, where messages are lost,", function()
  -- Two nodes talk to the hub, twice.
  local function talk(g)
    g:add("n1")
    g:run(0.45)
    g:add("n2")
    g:add("n0")
    g:run(0.7)
    g:add("n2")
  end

  it("makes good the loss of any one of them", function()
    local calm = start(3)
    talk(calm)
    assert(calm:settle(1))
    local messages = {}
    for _, entry in ipairs(calm:journal()) do
      messages[#messages + 1] = entry.event == "recv" and entry or nil
    end
    assert(#messages > 8)
    for i, lost in ipairs(messages) do
      local g = start(3)
      g.world:after(lost.time - 0.0001, function() g.world:cut(lost.dest, lost.src) end)
      g.world:after(lost.time + 0.0001, function() g.world:heal() end)
      talk(g)
      local _, text = g:settle(4 * WINDOW + 4 * HOP)
      assert.is_nil(text and ("without message %d, %s from %s to %s: %s"):format(i, lost.body.type,
        lost.src, lost.dest, text))
    end
  end)

  it("brings all values everywhere though a third is", function()
    for seed = 1, 6 do
      local g = start(6, { seed = seed, latency_dist = "exponential" })
      g.world:fault("loss", 0.33)
      load(g, randoms.stream(seed, "load"), 15, 10)
      assert(g:settle(20), seed)
    end
  end)

  it("or come twice, or late, or all of that", function()
    for seed = 1, 6 do
      local g = start(6, { seed = seed })
      g.world:fault("loss", 0.2)
      g.world:fault("duplicate", 0.3)
      g.world:fault("reorder", 0.3)
      load(g, randoms.stream(seed, "load"), 15, 10)
      assert(g:settle(20), seed)
      for _, id in ipairs(g.ids) do
        assert.equal(#g.values, g:count(id))
      end
    end
  end)
end)

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
      load(g, random, 2, 20)
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
    load(g, randoms.stream(1, "load"), 2, 20)
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
    load(g, randoms.stream(1, "load"), 2, 20)
    assert(g:settle(1))
    g:isolate("n0", "n1", "n2")
    g:add("n5")
    -- The first after its patience, two more after a window; and a window for each way there and
    -- back, as long as that is not known, and for the slot.
    assert(g:settle((PATIENCE + 2) * WINDOW + 2 * 4 * WINDOW + 2 * HOP, { "n3", "n5" }))
  end)

  it("is not sent again what it has, when its leaves come back", function()
    local g = start(4)
    load(g, randoms.stream(1, "load"), 20, 10)
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
      g:journal()
      g:run(60)
      for _, message in ipairs(g:sent()) do
        assert.same({ "hub_down", "n0" }, { message.body.type, message.src })
      end
    end
  end)

  it("gets everybody back once it can be reached, and all that they had meanwhile", function()
    for seed = 1, 4 do
      local g = start(6, { seed = seed })
      local random = randoms.stream(seed, "load")
      load(g, random, 2, 20)
      g:isolate("n0")
      load(g, random, 10, 10)
      g:journal()
      load(g, random, 2, 10)
      assert.is_true(hubs_of(g:sent()).n1)
      g:heal()
      assert(g:settle(BACK), seed)
      load(g, random, 2 * PATIENCE * WINDOW + 1, 20) -- n1 finds out that nobody follows it
      g:journal()
      load(g, random, 10, 20)
      assert.same({ n0 = true }, hubs_of(g:sent()))
      assert(g:settle(WINDOW + MARGIN + 2 * HOP + MS))
    end
  end)

  it("leaves nobody behind when the next hub was cut off for a time as well", function()
    local g = start(5)
    load(g, randoms.stream(1, "load"), 2, 20)
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
      g:journal()
      g:run(4 * keepalive + TURN)
      local hubs = hubs_of(g:sent())
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
          load(g, randoms.stream(1, "load"), 1, 20)
          g.world:cut("n" .. receiver, "n" .. sender)
          load(g, randoms.stream(2, "load"), 3, 20)
          -- n1 has nobody to follow but n0: without it, n1 is heard, and hears after the cut.
          local ids = receiver == 1 and sender == 0 and { "n0", "n2", "n3" } or g.ids
          local _, text = g:settle(4 * TURN, ids)
          assert.is_nil(text and ("n%d does not hear n%d: %s"):format(receiver, sender, text))
          g:heal()
          load(g, randoms.stream(3, "load"), 4, 20)
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
        load(g, random, random:unit() * 8, 5)
        g:heal()
        load(g, random, random:unit() * 2, 5)
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
        load(g, random, 1.5, 5)
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
