-- hearsay.gossip.hub in a calm cluster, and where messages are lost.

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
        local added = g:load(randoms.stream(seed, "load"), 20 * window, 8 / window)
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
    g:load(randoms.stream(1, "load"), 2, 20)
    assert(g:settle(1))
    g:run(3)
    g:add("n1", "twice")
    local is_told = false
    repeat
      for _, message in ipairs(g:sent_within(0.001)) do
        is_told = is_told or message.src == "n0"
      end
    until is_told
    g:add("n2", "twice") -- while the hub's message is on its way: this one brings it nothing new
    assert(g:settle(1))
    g:run(3)
    for _, message in ipairs(g:sent_within(60)) do
      assert.same({ "hub_down", "n0", 0 },
        { message.body.type, message.src, #message.body.values })
    end
  end)

  it("sends each leaf at most one message a window, and gets at most one from it", function()
    local n = 6
    local g = start(n)
    g:load(randoms.stream(1, "load"), 1, 50) -- so that all are in step
    g:journal()
    local seconds = 30
    g:load(randoms.stream(2, "load"), seconds, 100)
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
    g:load(randoms.stream(1, "load"), 2, 50)
    g:journal()
    g:load(randoms.stream(2, "load"), 10, 50)
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
    g:load(randoms.stream(1, "load"), 30, 20, { "n0" })
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
        g:load(randoms.stream(seed, "load"), 10, 20)
        assert(g:settle(2), seed)
        g.world:fault("reorder", 0.3)
        g:load(randoms.stream(seed, "more"), 10, 20)
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
      g:load(randoms.stream(seed, "load"), 15, 10)
      assert(g:settle(20), seed)
    end
  end)

  it("or come twice, or late, or all of that", function()
    for seed = 1, 6 do
      local g = start(6, { seed = seed })
      g.world:fault("loss", 0.2)
      g.world:fault("duplicate", 0.3)
      g.world:fault("reorder", 0.3)
      g:load(randoms.stream(seed, "load"), 15, 10)
      assert(g:settle(20), seed)
      for _, id in ipairs(g.ids) do
        assert.equal(#g.values, g:count(id))
      end
    end
  end)
end)
