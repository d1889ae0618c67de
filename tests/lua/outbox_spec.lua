local json = require "hearsay.json"
local lab = require "hearsay.testing"
local outbox_lab = dofile("tests/lua/outbox_lab.lua")
local randoms = require "hearsay.random"

local start = outbox_lab.start
local WINDOW, RESEND, HOP, MS = outbox_lab.WINDOW, outbox_lab.RESEND, outbox_lab.HOP, outbox_lab.MS

describe("an outbox", function()
  it("brings entries to all others within a window and a hop", function()
    local boxes = start(3)
    boxes:run(5 * WINDOW)
    for round = 1, 5 do
      boxes:add("n" .. round % 3, round)
      boxes:run(WINDOW * 0.3 * round)
    end
    boxes:run(WINDOW + HOP + MS)
    boxes:check()
  end)

  it("needs no more than n(n-1) messages a window, however many the entries", function()
    local boxes = start(4)
    boxes:run(1)
    boxes:journal()
    for _ = 1, 200 do
      for _, id in ipairs(boxes.ids) do
        boxes:add(id, 5)
      end
      boxes:run(0.01)
    end
    assert(#boxes:sent() <= 4 * 3 * 21)
    boxes:run(WINDOW + HOP + MS)
    boxes:check()
  end)

  it("greets, and then says nothing when there is nothing to tell", function()
    local boxes = start(3, { "extra" })
    boxes:run(3)
    assert(#boxes:sent() <= 3 * 2 * 3)
    boxes:quiet(60)
  end)

  it("confirms what came last, and is quiet again", function()
    local boxes = start(3)
    boxes:run(3)
    boxes:journal()
    local position = boxes:add("n0")
    boxes:run(3)
    assert.equal(4, #boxes:sent())
    assert.same({ n0 = position + 1, n1 = position, n2 = position }, boxes:look("n0").confirmed)
    boxes:quiet(60)
  end)

  it("confirms again when a confirmation was lost", function()
    local boxes = start(2)
    boxes:run(3)
    boxes.world:cut("n0", "n1") -- n0 does not hear
    local position = boxes:add("n0")
    boxes:run(2 * WINDOW + 3 * HOP)
    assert.equal(0, boxes:look("n0").confirmed.n1)
    boxes:heal()
    boxes:run(RESEND + WINDOW)
    assert.equal(position, boxes:look("n0").confirmed.n1)
    boxes:quiet(60)
    boxes:check()
  end)

  it("tells an extra that has changed, though nothing was added, once", function()
    local boxes = start(2, { "extra" })
    boxes:run(1)
    boxes:journal()
    boxes:ask("n0", { type = "mark", mark = 7 })
    boxes:run(3)
    assert.equal(2, #boxes:sent()) -- and its confirmation
    local _, extras = boxes:received("n1", "n0")
    assert.same({ { mark = 0 }, { mark = 7 } }, extras)
    boxes:quiet(60)
  end)

  it("tells an extra again whose message was lost", function()
    local boxes = start(2, { "extra" })
    boxes:run(1)
    boxes.world:cut("n1", "n0")
    boxes:ask("n0", { type = "mark", mark = 7 })
    boxes:run(2 * WINDOW)
    boxes:heal()
    boxes:run(RESEND + 2 * WINDOW)
    local _, extras = boxes:received("n1", "n0")
    assert.same({ mark = 7 }, extras[#extras])
  end)

  it("waits for what it is told to wait for", function()
    local boxes = start(5)
    boxes:run(1)
    boxes:isolate("n3", "n4")
    boxes:run(0.45 * WINDOW)
    local position = boxes:add("n0")
    for _, kind in ipairs({ "wait", "when" }) do
      local function ask(count)
        local reply = boxes:ask("n0", { type = kind, position = position, count = count }, 2)
        return reply and reply.seconds
      end
      if kind == "wait" then
        assert.equal(0, ask(1))
        assert.near(1.5 * WINDOW + HOP + WINDOW / 8, ask("majority"), 0.6 * WINDOW)
      end
      assert.equal(0, ask("majority"))
      assert.equal(0, ask(3))
      assert.is_nil(ask(4))
      assert.is_nil(ask("all"))
    end
    boxes:heal()
    boxes:run(3)
    for _, count in ipairs({ 4, "all" }) do
      local reply = assert(boxes:ask("n0", { type = "wait", position = position, count = count }))
      assert.equal(0, reply.seconds)
    end
  end)

  it("answers all who wait once it is so", function()
    local boxes = start(2)
    boxes:run(1)
    local replies = 0
    for _ = 1, 20 do
      local position = boxes:add("n0")
      boxes.cluster:client():request("n0", { type = "when", position = position, count = "all" }, 5,
        function(reply)
          replies = replies + (reply and 1 or 0)
        end)
      boxes:run(WINDOW / 10)
    end
    boxes:run(2 * WINDOW + 2 * HOP)
    assert.equal(20, replies)
  end)

  it("refuses to wait for more nodes than there are", function()
    local boxes = start(2)
    for _, count in ipairs({ 3, -1, "most", 1.5 }) do
      local _, err = boxes:ask("n0", { type = "wait", position = 1, count = count })
      assert.equal("crash", err.name)
    end
    assert.matches('expected "all", "majority" or how many of 2 nodes', boxes:log("n0"))
  end)

  it("brings everything exactly once where messages are lost, late and doubled", function()
    for seed = 1, 6 do
      local boxes = start(3, {}, { seed = seed, latency_dist = "exponential" })
      boxes.world:fault("loss", 0.3)
      boxes.world:fault("duplicate", 0.3)
      boxes.world:fault("reorder", 0.3)
      boxes:load(randoms.stream(seed, "load"), 10)
      boxes:run(20)
      boxes:check("seed " .. seed)
    end
  end)

  it("brings everything exactly once after partitions, and is quiet", function()
    for seed = 1, 6 do
      local boxes = start(5, { "extra" }, { seed = seed })
      local random = randoms.stream(seed, "load")
      for _ = 1, 3 do
        local sides = { {}, {} }
        for _, id in ipairs(boxes.ids) do
          table.insert(sides[random:upto(2)], id)
        end
        boxes:cut(sides[1], sides[2])
        boxes:load(random, random:unit() * 5)
        boxes:heal()
        boxes:load(random, random:unit())
      end
      boxes:run(RESEND + 3 * WINDOW + 3 * HOP)
      boxes:check("seed " .. seed)
      boxes:run(5 * RESEND)
      boxes:quiet(60)
    end
  end)

  it("tries a peer that does not answer each resend, no more", function()
    local boxes = start(2)
    boxes:run(1)
    boxes:kill("n1")
    boxes:journal()
    for _ = 1, 200 do
      boxes:add("n0")
      boxes:run(0.1)
    end
    assert(#boxes:sent() <= 20 / RESEND + RESEND / WINDOW + 2)
  end)

  it("keeps to its limit of bytes, and needs more messages for more", function()
    local boxes = start(2, { "limit=1000", "extra" })
    boxes:run(1)
    boxes.world:cut("n1", "n0")
    for _ = 1, 20 do
      boxes:add("n0", 10, ("x"):rep(40))
      boxes:run(WINDOW)
    end
    boxes:journal()
    boxes:add("n0", 1, ("y"):rep(3000))
    boxes:add("n0", 1)
    boxes:ask_now({ "n0" }, function() return { type = "mark", mark = 1 } end)
    boxes:heal()
    boxes:run(5)
    boxes:check()
    local long = 0
    for _, message in ipairs(boxes:sent()) do
      local bytes = #json.encode(message.body)
      long = long + (bytes > 1200 and 1 or 0)
      assert(bytes < 3200)
    end
    assert.equal(1, long) -- the entry that is as long
    -- What goes with the last batch came with no other.
    local _, extras = boxes:received("n1", "n0")
    for i = 1, #extras - 1 do
      assert(i == 1 or extras[i] == json.null)
    end
    assert.same({ mark = 1 }, extras[#extras])
  end)

  it("forgets what all have confirmed when there are snapshots", function()
    local function grown(...)
      local boxes = start(2, { ... })
      boxes:run(1)
      local function memory()
        return boxes:ask("n0", { type = "memory" }).bytes
      end
      local before = memory()
      for _ = 1, 50 do
        boxes:add("n0", 1, ("x"):rep(10000))
        boxes:run(WINDOW)
      end
      boxes:run(1)
      return memory() - before
    end
    -- The fixture itself keeps each entry once, for its snapshots.
    assert(grown() > 950000)
    assert(grown("snapshot") < 600000)
  end)
end)

describe("outbox", function()
  it("refuses messages that are not of its form, and those of strangers", function()
    local boxes = start(2)
    boxes:run(1)
    local good = { type = "box", session = 5, from = 0, batches = json.array({ json.array({ 1 }) }),
      got = 0 }
    for field, wrong in pairs({
      session = "x", of = "x", from = 1.5, batches = { a = 1 }, got = "0",
      extra = json.array({ 1 }),
      restarts = "many",
    }) do
      local body = {}
      for name, value in pairs(good) do
        body[name] = value
      end
      body[field] = wrong
      local _, err = boxes:ask("n0", body)
      assert.equal("malformed_request", err.name, field)
    end
    good.batches = json.array({ json.array({ 1 }), 2 })
    local _, err = boxes:ask("n0", good)
    assert.equal("malformed_request", err.name)
    good.batches = json.array({ json.array({ 1 }) })
    _, err = boxes:ask("n0", good, 1)
    assert.equal("timeout", err.name)
    boxes:check()
  end)

  it("refuses options that it does not have", function()
    for text, options in pairs({
      ["receive must be a function, got nil"] = "name = 'x'",
      ["unknown option windows; known are extra"] = "name = 'x', receive = print, windows = 1",
      ["window must be a number above 0, got string"] = "name = 'x', receive = print, window = '1'",
      ["window must be a number above 0, got 0"] = "name = 'x', receive = print, window = 0",
      ["extra must be a function, got table"] = "name = 'x', receive = print, extra = {}",
    }) do
      local nodes, message = lab.load("\n\nrequire('hearsay.outbox').start { " .. options .. "}\n",
        { nodes = { "n0" } })
      assert.is_nil(nodes)
      assert.matches(":3: outbox.start: " .. text, message, 1, true)
    end
  end)
end)
