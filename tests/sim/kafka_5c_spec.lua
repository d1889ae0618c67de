-- Challenge 5c: logs without coordination, in memory; kafka_durable_spec.lua has those on disk.

local bench = dofile("tests/sim/bench.lua")
local kafka_lab = dofile("tests/sim/kafka_lab.lua")
local testing = require "hearsay.testing"

local SCRIPT = "challenges/kafka_5c.lua"
local TASK = "--node-count 2 --rate 1000 --concurrency 2n --time-limit 20 "
local FAULTS = "--node-count 3 --rate 100 --concurrency 2n --time-limit 20 --latency 20 "

-- Runs with a node that is killed in the load and never comes back: the messages that were
-- acknowledged by now, and those that the others never show.
local function lose_one(acks, seed)
  local run = bench.run(SCRIPT .. " acks=" .. acks, FAULTS .. "--seed " .. seed, function(world)
    world:after(8 + seed * 0.37, function() world:kill("n" .. seed % 3) end)
  end)
  local seen, acknowledged, lost = {}, 0, {}
  for _, op in ipairs(run.history) do
    if op.final and op.f == "poll" and op.outcome == "ok" then
      for key, shown in pairs(op.result) do
        for _, pair in ipairs(shown) do
          seen[key .. "/" .. pair[2]] = pair[1]
        end
      end
    end
  end
  for _, op in ipairs(run.history) do
    if op.f == "send" and op.outcome == "ok" then
      acknowledged = acknowledged + 1
      if seen[op.value.key .. "/" .. op.value.msg] ~= op.result then
        lost[#lost + 1] = op.value.key .. "/" .. op.value.msg
      end
    end
  end
  return acknowledged, lost
end

describe("kafka_5c", function()
  for seed = 1, 2 do
    it("needs at most 0.02 server messages an operation, seed " .. seed, function()
      local run = bench.valid(SCRIPT, TASK .. "--seed " .. seed)
      bench.at_most(0.02, run.results.net.servers["msgs-per-op"], "messages per operation", run)
      bench.at_most(250, kafka_lab.lag(run, "0.99"), "the lag", run)
      assert.equal(1, kafka_lab.available(run))
    end)

    it("goes on on both sides of partitions, seed " .. seed, function()
      local run = bench.valid(SCRIPT, TASK .. "--nemesis partition --seed " .. seed)
      bench.at_most(0.02, run.results.net.servers["msgs-per-op"], "messages per operation", run)
      assert.equal(1, kafka_lab.available(run))
    end)

    it("stands loss, doubles, messages that are late, and pauses, seed " .. seed, function()
      bench.valid(SCRIPT, FAULTS .. "--nemesis partition,loss,duplicate,reorder --seed " .. seed)
      bench.valid(SCRIPT, FAULTS .. "--nemesis one-way,pause,spike,skew --seed " .. seed)
    end)

    it("acknowledges when a majority has it, or all show it, seed " .. seed, function()
      for _, acks in ipairs({ "majority", "all" }) do
        local run = bench.valid(SCRIPT .. " acks=" .. acks, FAULTS .. "--seed " .. seed)
        assert.equal(1, kafka_lab.available(run))
        if acks == "all" then
          assert.equal(0, kafka_lab.lag(run, "1"))
        end
      end
    end)
  end

  for seed = 1, 4 do
    it("with acks=all loses nothing when a node is killed for good, seed " .. seed, function()
      local acknowledged, lost = lose_one("all", seed)
      assert(acknowledged > 50, acknowledged)
      assert.same({}, lost)
    end)
  end

  it("with acks=all waits until all can show it, not only have it", function()
    local nodes = testing.start(SCRIPT, { nodes = 3, args = { "acks=all" } })
    nodes:run(1)
    nodes.world:cut("n1", "n2") -- what n2 sends does not come to n1, which so lacks its clock
    assert.is_nil(nodes:ask("n0", { type = "send", key = "a", msg = 1 }, 3))
    assert.same({ 1 }, (kafka_lab.poll(nodes, "n0", "a")))
    assert.same({}, (kafka_lab.poll(nodes, "n1", "a")))
    nodes:heal()
    assert(nodes:ask("n0", { type = "send", key = "a", msg = 2 }, 3))
    nodes:kill("n2")
    for _, id in ipairs({ "n0", "n1" }) do
      assert.same({ 1, 2 }, (kafka_lab.poll(nodes, id, "a")))
    end
  end)

  it("without acks loses what the killed node told nobody", function()
    local _, lost = lose_one("none", 1)
    assert(#lost > 0)
  end)

  it("refuses what is malformed", function()
    kafka_lab.refuses_what_is_malformed(SCRIPT, 2)
  end)

  it("refuses acks that there are not", function()
    local nodes, message = testing.load(SCRIPT, { nodes = { "n0" }, args = { "acks=some" } })
    assert.is_nil(nodes)
    assert.matches('acks must be "none", "majority" or "all", not some', message, 1, true)
  end)

  it("keeps offsets small, and shows a key page by page", function()
    local nodes = testing.start(SCRIPT, { nodes = 3, args = { "most=4" } })
    nodes:run(1)
    local messages, offsets = {}, {}
    for i = 1, 10 do
      messages[i] = i
      offsets[i] = kafka_lab.send(nodes, "n" .. i % 3, "a", { i })[1]
      nodes:run(0.5)
    end
    assert(offsets[10] <= 3 * 11, offsets[10])
    local shown, from = {}, 0
    for _ = 1, 3 do
      local page, at = kafka_lab.poll(nodes, "n0", "a", from)
      assert(#page <= 4)
      table.move(page, 1, #page, #shown + 1, shown)
      from = at[#at] + 1
    end
    assert.same(messages, shown)
  end)

  it("shows nothing above what a node that it does not hear may still take", function()
    local nodes = testing.start(SCRIPT, { nodes = 3 })
    nodes:run(1)
    nodes:isolate("n2")
    kafka_lab.send(nodes, "n0", "a", { 1, 2, 3 })
    nodes:run(5)
    for _, id in ipairs(nodes.ids) do
      assert.same({}, (kafka_lab.poll(nodes, id, "a")))
    end
    kafka_lab.send(nodes, "n2", "a", { 4 }) -- has a lower offset than 3, which came before
    nodes:heal()
    nodes:run(2)
    for _, id in ipairs(nodes.ids) do
      local messages, offsets = kafka_lab.poll(nodes, id, "a")
      assert.equal(4, #messages)
      assert(messages[#messages] == 3 and offsets[4] > offsets[3])
    end
  end)

  it("exchanges commits, which go forward", function()
    local nodes = testing.start(SCRIPT, { nodes = 3 })
    nodes:run(1)
    local function listed(id)
      return assert(nodes:ask(id, { type = "list_committed_offsets", keys = { "a", "b", "c" } }))
        .offsets
    end
    nodes:ask("n0", { type = "commit_offsets", offsets = { a = 5, b = 1 } })
    nodes:ask("n1", { type = "commit_offsets", offsets = { a = 3 } })
    assert.same({ a = 3 }, listed("n1"))
    nodes:run(0.5)
    for _, id in ipairs(nodes.ids) do
      assert.same({ a = 5, b = 1 }, listed(id))
    end
    nodes:journal()
    nodes:ask("n2", { type = "commit_offsets", offsets = { a = 2 } }) -- is nothing new
    nodes:run(60)
    assert.same({}, nodes:sent())
  end)

  it("is quiet when nothing is sent", function()
    local nodes = testing.start(SCRIPT, { nodes = 4, args = { "acks=all" } })
    for i, id in ipairs(nodes.ids) do
      kafka_lab.send(nodes, id, "a", { i })
    end
    nodes:run(3)
    nodes:journal()
    nodes:run(60)
    assert.same({}, nodes:sent())
  end)

  describe("after a restart", function()
    it("hands out no offset again, not even one that it told nobody else", function()
      for seed = 1, 5 do
        local nodes = testing.start(SCRIPT, { nodes = 3, latency = 10, seed = seed })
        nodes:run(1)
        local before = {}
        local function send(count)
          for i = 1, count do
            local offset = kafka_lab.send(nodes, "n1", "a", { seed * 1000 + i })[1]
            assert.is_nil(before[offset])
            before[offset] = true
          end
        end
        send(20)
        nodes:run(1)
        nodes:isolate("n1")
        send(20)
        nodes:run(0.3)
        nodes:kill("n1")
        nodes:heal()
        nodes.cluster:restart("n1")
        send(60)
        nodes:run(2)
        assert.equal(80, #(kafka_lab.poll(nodes, "n0", "a")))
      end
    end)

    it("waits for all that it may have known, and then shows it again", function()
      local nodes = testing.start(SCRIPT, { nodes = 3, latency = 10 })
      nodes:run(1)
      kafka_lab.send(nodes, "n0", "a", { 1, 2 })
      kafka_lab.send(nodes, "n1", "a", { 3, 4 })
      nodes:ask("n1", { type = "commit_offsets", offsets = { a = 1 } })
      nodes:run(2)
      local messages, offsets = kafka_lab.poll(nodes, "n2", "a")
      assert.equal(4, #messages)
      nodes:cut({ "n1" }, { "n2" })
      nodes:restart("n1")
      assert.is_nil(nodes:ask("n1", { type = "send", key = "a", msg = 5 }, 3))
      assert.same({}, (kafka_lab.poll(nodes, "n1", "a")))
      nodes:heal()
      nodes:run(3)
      local again, at = kafka_lab.poll(nodes, "n1", "a")
      assert.same(messages, table.move(again, 1, 4, 1, {}))
      assert.same(offsets, table.move(at, 1, 4, 1, {}))
      assert.same({ a = 1 }, assert(nodes:ask("n1", { type = "list_committed_offsets",
        keys = { "a" } })).offsets)
    end)

    it("passes on what its predecessor told only some", function()
      local nodes = testing.start(SCRIPT, { nodes = 3, latency = 10 })
      nodes:run(1)
      nodes:cut({ "n1" }, { "n2" })
      kafka_lab.send(nodes, "n1", "a", { 1, 2, 3 })
      nodes:run(0.5) -- n0 has it, n2 has not
      nodes:kill("n1")
      nodes:heal()
      nodes.cluster:restart("n1")
      nodes:run(3)
      for _, id in ipairs(nodes.ids) do
        assert.same({ 1, 2, 3 }, (kafka_lab.poll(nodes, id, "a")))
      end
    end)
  end)
end)
