local gossip_lab = dofile("tests/lua/gossip_lab.lua")
local randoms = require "hearsay.random"

local HOP, WINDOW = 0.1, 0.4 -- seconds
local MS = 0.0011 -- what settle may be late

local function start(graph, n, options, ...)
  options = options or {}
  options.nodes, options.latency, options.graph = n, options.latency or HOP * 1000, graph
  return gossip_lab.start({ "batch", "window=" .. WINDOW, ... }, options)
end

describe("batch", function()
  it("sends a neighbour at most one message a window, with all that is new", function()
    local g = start("star", 9, nil, "jitter=0")
    g:journal()
    local seconds = 20
    g:load(randoms.stream(1, "load"), seconds, 200)
    local last, count = {}, 0
    for _, message in ipairs(g:sent()) do
      local way = message.src .. " to " .. message.dest
      assert(message.time - (last[way] or -1) >= WINDOW - 0.001, way)
      last[way] = message.time
      count = count + 1
    end
    assert(count <= 2 * 8 * (seconds / WINDOW + 1))
    assert(g:settle(2 * WINDOW + 2 * HOP + MS))
  end)

  it("brings a value over a star within two windows and two hops", function()
    for seed = 1, 10 do
      local g = start("star", 5, { seed = seed })
      g:run(0.1 * seed)
      g:add("n" .. seed % 5)
      assert(g:settle(2 * 1.1 * WINDOW + 2 * HOP + MS))
    end
  end)

  it("is quiet when all is confirmed", function()
    local g = start("grid", 9)
    g:add("n4")
    g:run(10)
    assert.same({}, g:sent_within(60))
  end)

  it("does not send a lone value back to where it came from", function()
    local g = start("line", 2)
    g:add("n0")
    g:run(5)
    local values, messages = 0, 0
    for _, message in ipairs(g:sent()) do
      values, messages = values + #message.body.values, messages + 1
    end
    assert.same({ 1, 2 }, { values, messages }) -- the value, the confirmation
    g:add("n1")
    g:run(5)
    for _, message in ipairs(g:sent()) do
      values, messages = values + #message.body.values, messages + 1
    end
    assert.same({ 2, 4 }, { values, messages })
  end)

  it("sends again what was not confirmed, each `resend`, and once it can, no more", function()
    local g = start("line", 2, nil, "resend=1", "jitter=0")
    g:cut({ "n0" }, { "n1" })
    g:add("n0")
    g:run(30)
    local count = #g:sent()
    assert(count >= 30 / (1 + WINDOW) - 1 and count <= 30, count)
    g:heal()
    assert(g:settle(1 + WINDOW + HOP + MS))
    g:run(5)
    assert.same({}, g:sent_within(60))
  end)

  it("confirms again when the confirmation was lost", function()
    local g = start("line", 2)
    g.world:cut("n0", "n1")
    g:add("n0")
    g:run(5)
    g:heal()
    g:run(5)
    assert.same({}, g:sent_within(60))
  end)

  it("has nodes flush at times of their own, drawn anew each window", function()
    local g = start("line", 2, nil, "jitter=0.5")
    local gaps, last = {}, nil
    for _ = 1, 600 do
      g:add("n0")
      g:run(0.05)
    end
    for _, message in ipairs(g:sent()) do
      if message.src == "n0" then
        gaps[#gaps + 1] = last and message.time - last
        last = message.time
      end
    end
    local least, most = math.huge, 0
    for _, gap in ipairs(gaps) do
      least, most = math.min(least, gap), math.max(most, gap)
    end
    assert(least >= 0.5 * WINDOW and least < 0.6 * WINDOW, least)
    assert(most <= 1.5 * WINDOW + 0.05 and most > 1.4 * WINDOW, most)
  end)

  it("refuses messages that are not of its form", function()
    local g = start("line", 2)
    for _, body in ipairs({
      { type = "batch" },
      { type = "batch", values = 1, from = 0, version = 0, session = 1, got = 0 },
      { type = "batch", values = {}, from = 0.5, version = 0, session = 1, got = 0 },
    }) do
      local _, err = g:ask("n0", body)
      assert.equal("malformed_request", err.name)
    end
  end)
end)
