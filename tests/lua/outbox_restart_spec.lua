-- What outboxes tell each other when some of their nodes have lost their memory.

local json = require "hearsay.json"
local outbox_lab = dofile("tests/lua/outbox_lab.lua")
local randoms = require "hearsay.random"

local start = outbox_lab.start
local WINDOW, RESEND, HOP, MS = outbox_lab.WINDOW, outbox_lab.RESEND, outbox_lab.HOP, outbox_lab.MS

describe("an outbox after a restart", function()
  it("is told everything that others added, in order", function()
    local boxes = start(3)
    boxes:load(randoms.stream(1, "load"), 3)
    boxes:run(1)
    boxes:restart("n1")
    boxes.added.n1 = {}
    boxes:run(WINDOW + 4 * HOP)
    assert.same(boxes.added.n0, (boxes:received("n1", "n0")))
    assert.same(boxes.added.n2, (boxes:received("n1", "n2")))
  end)

  it("begins anew itself: its first entries are no old ones", function()
    local boxes = start(2)
    boxes:add("n0", 3)
    boxes:add("n1", 3)
    boxes:run(1)
    boxes:restart("n0")
    boxes:run(1)
    boxes:add("n0", 2)
    boxes:run(1)
    assert.same(boxes.added.n0, (boxes:received("n1", "n0")))
    boxes:run(5)
    boxes:quiet(60)
  end)

  it("knows that it was restarted, and when it has been told", function()
    local boxes = start(3)
    assert.is_false(boxes:look("n0").ready)
    boxes:run(4 * HOP)
    assert.is_true(boxes:look("n0").ready)
    assert.is_false(boxes:look("n0").restarted)
    boxes:add("n1", 1)
    boxes:run(1)
    boxes:cut({ "n0" }, { "n2" })
    boxes:restart("n0")
    boxes:run(5)
    assert.is_false(boxes:look("n0").ready) -- n2 may know something
    assert.is_true(boxes:look("n0").restarted)
    assert.same({ 1 }, (boxes:received("n0", "n1")))
    boxes:heal()
    boxes:run(RESEND + 4 * HOP)
    assert.is_true(boxes:look("n0").ready)
    assert.is_false(boxes:look("n1").restarted)
  end)

  it("is ready although greetings and answers were lost", function()
    for seed = 1, 20 do
      local boxes = start(3, {}, { seed = seed, init = false })
      boxes.world:fault("loss", 0.5)
      assert(boxes.cluster:init())
      boxes:run(2.5)
      boxes:restart("n1")
      boxes:run(2.5)
      boxes.world:fault("loss", 0)
      boxes:run(RESEND + 2 * WINDOW + 3 * HOP)
      for _, id in ipairs(boxes.ids) do
        assert.is_true(boxes:look(id).ready, "seed " .. seed)
      end
      boxes:quiet(60)
    end
  end)

  it("is not ready while there is more to come", function()
    local boxes = start(2, { "limit=100" })
    boxes:run(1)
    boxes:add("n0", 100)
    boxes:run(10)
    boxes:restart("n1")
    boxes:run(WINDOW + 4 * HOP)
    assert.is_false(boxes:look("n1").ready)
    boxes:run(10)
    assert.is_true(boxes:look("n1").ready)
    assert.same(boxes.added.n0, (boxes:received("n1", "n0")))
  end)

  it("has nothing confirmed that its predecessor had, until it has it", function()
    local boxes = start(3)
    boxes:run(1)
    local position = boxes:add("n0")
    boxes:run(1)
    assert.equal(position, boxes:look("n0").confirmed.n1)
    boxes:restart("n1")
    boxes:run(3 * HOP + MS)
    assert.equal(0, boxes:look("n0").confirmed.n1)
    boxes:run(WINDOW + HOP)
    assert.equal(position, boxes:look("n0").confirmed.n1)
  end)

  it("is told by a snapshot what all added, and then what follows", function()
    local boxes = start(3, { "snapshot", "limit=200" })
    for _, id in ipairs(boxes.ids) do
      boxes:add(id, 40)
    end
    boxes:run(5)
    local all = {}
    for i = 1, boxes.count do
      all[i] = i
    end
    boxes:restart("n1")
    boxes:run(3 * HOP + MS)
    local position = boxes:add("n0", 1)
    while #(boxes:received("n1", "n0")) < 121 do
      assert.equal(0, boxes:look("n0").confirmed.n1)
      boxes:run(HOP)
    end
    boxes:run(5)
    for _, src in ipairs({ "n0", "n2" }) do
      local numbers = boxes:received("n1", src)
      table.sort(numbers)
      if src == "n0" then
        assert.equal(121, table.remove(numbers))
      end
      assert.same(all, numbers)
    end
    assert.equal(position, boxes:look("n0").confirmed.n1)
    assert.same(boxes.added.n0, (boxes:received("n2", "n0"))) -- for it nothing has changed
  end)

  it("takes nothing from before the restart of another, however late", function()
    local boxes = start(2)
    boxes:run(1)
    boxes.world:cut("n1", "n0") -- what n0 sends is lost, but kept here
    boxes:journal()
    boxes:add("n0")
    boxes:run(WINDOW + HOP)
    local late = boxes:sent()
    assert.equal("n1", late[1].dest)
    boxes:heal()
    boxes:restart("n0")
    boxes.added.n0 = {}
    boxes:add("n0", 2)
    boxes:run(1)
    boxes.world:send("n0", "n1", late[1].body)
    boxes:run(2 * RESEND)
    boxes.world:send("n0", "n1", late[1].body)
    boxes:run(2 * RESEND)
    boxes:add("n0", 2)
    boxes:run(1)
    boxes:check()
  end)

  it("takes no session for new that it never saw, and that is over", function()
    local boxes = start(2)
    boxes:run(1)
    boxes.world:cut("n1", "n0")
    boxes:journal()
    boxes:restart("n0")
    boxes:ask("n0", { type = "add", entries = json.array({ 7 }) })
    boxes:run(WINDOW + 3 * HOP)
    local late = {}
    for _, message in ipairs(boxes:sent()) do
      late[#late + 1] = message.src == "n0" and message.body or nil
    end
    assert(#late > 0)
    boxes:heal()
    boxes:restart("n0")
    boxes.added.n0 = {}
    for _, body in ipairs(late) do
      for _ = 1, 3 do
        boxes:add("n0", 2)
        boxes:run(1)
        boxes.world:send("n0", "n1", body)
      end
    end
    boxes:add("n0", 2)
    boxes:run(2 * RESEND)
    assert.same(boxes.added.n0, (boxes:received("n1", "n0")))
    boxes:quiet(60)
  end)

  it("loses nothing when many restart, with loss and doubles", function()
    for seed = 1, 6 do
      local boxes = start(4, {}, { seed = seed, latency_dist = "exponential" })
      local random = randoms.stream(seed, "load")
      boxes.world:fault("loss", 0.2)
      boxes.world:fault("duplicate", 0.2)
      boxes.world:fault("reorder", 0.2)
      for _ = 1, 6 do
        boxes:load(random, 1)
        local id = boxes.ids[1 + random:upto(3)] -- n0 stays
        boxes.added[id] = {}
        boxes:restart(id)
      end
      boxes:load(random, 1)
      boxes:run(30)
      for _, id in ipairs(boxes.ids) do
        for _, src in ipairs(boxes.ids) do
          local numbers = boxes:received(id, src)
          if src ~= id then -- what came from it before it was restarted comes first
            local skip = #numbers - #boxes.added[src]
            assert.same(boxes.added[src], table.move(numbers, skip + 1, #numbers, 1, {}),
              ("seed %d: %s from %s"):format(seed, id, src))
            assert(src ~= "n0" or skip == 0)
          end
        end
      end
    end
  end)

  -- What was under way then makes each know the other by a session that is over.
  it("stands that all restart at once, and that again before they know each other", function()
    for seed = 1, 20 do
      local boxes = start(3, {}, { seed = seed, latency_dist = "exponential" })
      local random = randoms.stream(seed, "load")
      boxes:load(random, 0.5)
      for _ = 1, 3 do
        for _, id in ipairs(boxes.ids) do
          boxes:kill(id)
          boxes.cluster:restart(id)
          boxes.added[id] = {}
        end
        boxes:run(random:upto(4) * HOP)
      end
      for _, id in ipairs(boxes.ids) do
        boxes:add(id, 2)
      end
      boxes:run(3 * RESEND)
      for _, id in ipairs(boxes.ids) do
        for _, src in ipairs(boxes.ids) do
          assert.same(src ~= id and boxes.added[src] or {}, (boxes:received(id, src)), seed)
        end
      end
      boxes:quiet(10)
    end
  end)
end)
