-- What each fault of the nemesis does while it lasts, and that nothing of it is left. When faults
-- begin and end is in nemesis_spec.lua.

local clusters = require "sim.cluster"
local faults = require "sim.nemesis.faults"
local lab = require "hearsay.testing"
local partition = require "sim.nemesis.partition"
local randoms = require "hearsay.random"
local trial = require "sim.trial"

-- Counts who it heard from, and tells what it knows and what its clock shows.
local SCRIPT = [[
local ids = require "hearsay.ids"
local node = require "hearsay"
local heard = {}

node.on("shout", function(msg)
  for _, id in ipairs(node.peers) do
    for _ = 1, msg.body.times do
      node.send(id, { type = "hello" })
    end
  end
  return { type = "shout_ok" }
end)

node.on("hello", function(msg)
  heard[msg.src] = (heard[msg.src] or 0) + 1
end)

node.on("ask", function()
  local answer = heard
  heard = {}
  return { type = "ask_ok", heard = answer }
end)

-- Milliseconds. Only the first answer is the clock: ids never go back.
node.on("clock", function()
  local id = ids.uuid7():gsub("-", "")
  return { type = "clock_ok", ms = tonumber(id:sub(1, 12), 16) }
end)
]]

describe("a fault", function()
  local path = os.tmpname()

  setup(function()
    local file = assert(io.open(path, "w"))
    file:write(SCRIPT)
    file:close()
    assert(os.rename(path, path .. ".lua"))
  end)

  teardown(function() os.remove(path .. ".lua") end)

  local function start(n, latency)
    local nodes = lab.start(path .. ".lua", { nodes = n, latency = latency or 10 })

    -- Each node sends each other so many messages: how many came, "to<from" to a count, leaving out
    -- what all of them got.
    function nodes:exchange(times)
      for _, id in ipairs(self.ids) do
        assert(self:ask(id, { type = "shout", times = times or 1 }))
      end
      self:run(10)
      local missing, count = {}, 0
      for _, id in ipairs(self.ids) do
        local heard = assert(self:ask(id, { type = "ask" })).heard
        for _, from in ipairs(self.ids) do
          if from ~= id then
            count = count + (heard[from] or 0)
            if heard[from] ~= (times or 1) then
              missing[id .. "<" .. from] = heard[from] or 0
            end
          end
        end
      end
      return missing, count
    end

    function nodes:begin(name, seed)
      local text, finish = faults[name].begin(self.cluster, randoms.stream(seed or 1, "test"))
      return finish or function() end, text or "nobody"
    end

    return nodes
  end

  -- Begins it with one seed after the other until it strikes one node alone; returns that node.
  local function strike_one(nodes, name)
    for seed = 1, 100 do
      local finish, text = nodes:begin(name, seed)
      local id = text:match("^(n%d) ")
      if id then
        return id, finish
      end
      finish()
      nodes:run(1)
    end
    error(name .. " never struck one node")
  end

  local function is_empty(t)
    return next(t) == nil
  end

  for _, name in ipairs(faults.names) do
    it("begins and ends, and leaves nothing: " .. name, function()
      local nodes = start(4)
      assert.same({}, nodes:exchange())
      for seed = 1, 8 do
        local finish = nodes:begin(name, seed)
        nodes:run(3)
        finish()
        nodes:run(1)
        for _, id in ipairs(nodes.ids) do -- what came late, or was kept from before
          assert(nodes:ask(id, { type = "ask" }))
        end
        assert.same({}, nodes:exchange(20), name)
      end
    end)
  end

  it("partition: keeps some from hearing each other, both or one way", function()
    local nodes = start(4)
    for seed = 1, 20 do
      local finish = nodes:begin("partition", seed)
      local missing = nodes:exchange()
      finish()
      assert.is_false(is_empty(missing))
      for _, count in pairs(missing) do
        assert.equal(0, count)
      end
    end
  end)

  it("one-way: some do not hear the others, who hear them", function()
    local nodes = start(4)
    local id, finish = strike_one(nodes, "one-way")
    local expected = {}
    for _, other in ipairs(nodes.ids) do
      if other ~= id then
        expected[id .. "<" .. other] = 0
      end
    end
    assert.same(expected, (nodes:exchange()))
    finish()
    assert.same({}, (nodes:exchange()))
  end)

  it("partition and one-way do not heal each other", function()
    for _, order in ipairs({ { "partition", "one-way" }, { "one-way", "partition" } }) do
      for seed = 1, 10 do
        local nodes = start(4)
        local alone = {}
        for i, name in ipairs(order) do
          local finish = nodes:begin(name, seed)
          alone[i] = nodes:exchange()
          finish()
        end
        local finish_first, finish_second = nodes:begin(order[1], seed), nodes:begin(order[2], seed)
        local both = nodes:exchange()
        for _, one in ipairs(alone) do
          for pair in pairs(one) do
            assert.equal(0, both[pair])
          end
        end
        finish_first()
        assert.same(alone[2], (nodes:exchange()))
        finish_second()
        assert.same({}, (nodes:exchange()))
      end
    end
  end)

  it("two partitions over the same pair need both to end", function()
    local nodes = start(2)
    local grudge = { n0 = { "n1" }, n1 = { "n0" } }
    local first = partition.apply(nodes.cluster, grudge)
    local second = partition.apply(nodes.cluster, grudge)
    first()
    assert.same({ ["n0<n1"] = 0, ["n1<n0"] = 0 }, (nodes:exchange()))
    second()
    assert.same({}, (nodes:exchange()))
  end)

  it("kill: takes a node's memory, and initialises it when it is back", function()
    local nodes = start(3)
    for _, id in ipairs(nodes.ids) do
      assert(nodes:ask(id, { type = "shout", times = 1 }))
    end
    nodes:run(1)
    local id, finish = strike_one(nodes, "kill")
    assert.is_false(nodes.world:is_running(id))
    assert.is_nil((nodes:ask(id, { type = "ask" }, 1)))
    finish()
    assert.is_true(nodes.world:is_running(id))
    local reply = assert(nodes:ask(id, { type = "ask" }))
    assert.same({}, reply.heard)
    assert(nodes:ask(id, { type = "shout", times = 1 })) -- it knows its peers
    nodes:run(1)
    for _, other in ipairs(nodes.ids) do
      if other ~= id then
        assert.is_true(assert(nodes:ask(other, { type = "ask" })).heard[id] >= 1)
      end
    end
  end)

  it("pause: messages wait for a node that stands still", function()
    local nodes = start(3)
    local id, finish = strike_one(nodes, "pause")
    for _, other in ipairs(nodes.ids) do
      if other ~= id then
        assert(nodes:ask(other, { type = "shout", times = 3 }))
      end
    end
    nodes:run(60)
    assert.is_nil((nodes:ask(id, { type = "ask" }, 1)))
    finish()
    nodes:run(1)
    -- The question that timed out was answered, and took what had been heard with it.
    assert.same({}, assert(nodes:ask(id, { type = "ask" })).heard)
    id, finish = strike_one(nodes, "pause")
    local from = id == "n0" and "n1" or "n0"
    assert(nodes:ask(from, { type = "shout", times = 3 }))
    nodes:run(60)
    finish()
    nodes:run(1)
    assert.equal(3, assert(nodes:ask(id, { type = "ask" })).heard[from])
  end)

  it("loss and duplicate: a fifth of the messages", function()
    local TIMES = 500
    local sent = 3 * 2 * TIMES
    for name, factor in pairs({ loss = 0.8, duplicate = 1.2, reorder = 1, spike = 1 }) do
      local nodes = start(3)
      local finish = nodes:begin(name)
      local _, count = nodes:exchange(TIMES)
      assert.near(factor * sent, count, factor == 1 and 0 or 0.03 * sent, name)
      finish()
    end
  end)

  it("spike: latencies ten times as long", function()
    local nodes = start(2, 100)
    local finish = nodes:begin("spike")
    assert(nodes:ask("n0", { type = "shout", times = 1 }))
    nodes:run(0.95)
    assert.same({}, nodes:ask("n1", { type = "ask" }).heard)
    nodes:run(0.1)
    assert.same({ n0 = 1 }, nodes:ask("n1", { type = "ask" }).heard)
    finish()
  end)

  it("skew: wall clocks jump by up to two minutes, and back", function()
    -- What the clocks of new nodes show: all as it should be, with the fault, and after it.
    local function clocks(seed, is_open)
      local nodes, list = start(5), {}
      local finish = seed and nodes:begin("skew", seed)
      if finish and not is_open then
        finish()
      end
      local replies = nodes:ask_now(nodes.ids, function() return { type = "clock" } end)
      for i, id in ipairs(nodes.ids) do
        list[i] = replies[id].ms / 1000
      end
      return list
    end
    local least, most, right = 0, 0, clocks()
    for seed = 1, 40 do
      local struck = 0
      for i, clock in ipairs(clocks(seed, true)) do
        local offset = clock - right[i]
        struck = struck + (offset ~= 0 and 1 or 0)
        least, most = math.min(least, offset), math.max(most, offset)
      end
      assert(struck > 0)
      assert.same(right, clocks(seed, false))
    end
    assert(least < -90 and least >= -120 and most > 90 and most <= 120)
  end)

  describe("of a node that another has struck:", function()
    -- All nodes, so that both strike the same.
    local function strike_all(nodes, name)
      for seed = 1, 100 do
        local finish, text = nodes:begin(name, seed)
        if text:find("^n0, n1 ") or text:find("^n1, n0 ") then
          return finish
        end
        finish()
        nodes:run(1)
      end
      error(name .. " never struck all")
    end

    local function assert_whole(nodes)
      nodes:run(1)
      for _, id in ipairs(nodes.ids) do
        assert(nodes:ask(id, { type = "ask" }))
      end
      assert.same({}, (nodes:exchange()))
    end

    for _, order in ipairs({
      { "pause", "kill", "pause", "kill" }, { "pause", "kill", "kill", "pause" },
      { "kill", "pause", "kill", "pause" }, { "kill", "pause", "pause", "kill" },
    }) do
      it(("%s, %s, then %s ends, %s ends"):format(table.unpack(order)), function()
        local nodes = start(2)
        local finish = {}
        finish[order[1]] = strike_all(nodes, order[1])
        nodes:run(1)
        finish[order[2]] = order[2] == "pause" and nodes:begin("pause", 3)
          or strike_all(nodes, order[2])
        nodes:run(1)
        finish[order[3]]()
        nodes:run(1)
        finish[order[4]]()
        assert_whole(nodes)
      end)
    end

    it("a pause just after the start, longer than a client waits for init", function()
      local nodes = start(2)
      strike_all(nodes, "kill")()
      local finish = strike_all(nodes, "pause")
      nodes:run(30)
      finish()
      assert_whole(nodes)
    end)
  end)
end)

describe("a run under faults", function()
  local function run(more)
    local args = { "--bin", "challenges/broadcast_3d.lua", "--node-count", "5", "--rate", "20",
      "--time-limit", "15", "--latency", "20", "--nemesis-interval", "2", "--seed", "4" }
    table.move(more, 1, #more, #args + 1, args)
    return assert(trial.run(assert(trial.options(args, "test"))))
  end

  -- What the load was, apart from what came of it.
  local function load_of(outcome)
    local list = {}
    for i, op in ipairs(outcome.history) do
      list[i] = ("%d %s %s %s"):format(op.invoke_us, op.node, op.f, tostring(op.value))
    end
    return list
  end

  it("has none left when it reads for the last time", function()
    local outcome = run({ "--nemesis", table.concat(faults.names, ",") })
    local last_us, finals = 0, 0
    assert(#outcome.faults >= #faults.names)
    for _, fault in ipairs(outcome.faults) do
      assert(fault.from_us <= fault.to_us)
      last_us = math.max(last_us, fault.to_us)
    end
    for _, op in ipairs(outcome.history) do
      if op.final then
        finals = finals + 1
        assert(op.invoke_us >= last_us + 9e6)
        assert.equal("ok", op.outcome)
      end
    end
    assert(finals >= 5)
  end)

  it("is calm where no window is kept", function()
    local calm, without = run({}), run({ "--nemesis", "partition,loss", "--fault-windows", "0" })
    assert.same({}, without.faults)
    assert.same(calm.history, without.history)
    assert.same(calm.net, without.net)
  end)

  -- With --no-head-of-line answers do not wait for what nodes send each other, so workers are free
  -- at the same times.
  it("keeps the windows that it is told to, as they were, and the load", function()
    local all = run({ "--no-head-of-line", "--nemesis", "partition,loss,spike" })
    local some = run({ "--no-head-of-line", "--nemesis", "partition,loss,spike",
      "--fault-windows", "2,5" })
    assert.same({ all.faults[2], all.faults[5] }, some.faults)
    assert.same(load_of(all), load_of(some))
    for i, fault in ipairs(all.faults) do
      assert.equal(i, fault.number)
    end
  end)
end)

describe("a cluster", function()
  it("starts a node that was killed, once", function()
    local cluster = assert(clusters.new({ command = { "challenges/echo_1.lua" }, seed = 1,
      nodes = lab.ids(2) }))
    assert(cluster:init())
    assert.has_error(function() cluster:restart("n0") end)
    cluster.world:kill("n0")
    assert.has_error(function() cluster.world:kill("n0") end)
    cluster:restart("n0")
    assert(cluster.world:run(1))
    assert(cluster:ask_all(function() return { type = "echo", echo = 1 } end))
  end)
end)
