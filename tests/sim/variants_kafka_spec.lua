-- The variants of kafka: right when all is calm, and wrong or slow where their headers say so.

local bench = dofile("tests/sim/bench.lua")
local json = require "hearsay.json"
local kafka_lab = dofile("tests/sim/kafka_lab.lua")
local testing = require "hearsay.testing"

local CALM = "--node-count 2 --rate 300 --concurrency 2n --time-limit 5 --seed "
local LOSS = "--node-count 3 --rate 100 --concurrency 2n --time-limit 15 --latency 5 "
  .. "--nemesis loss,duplicate,reorder --seed "
local PARTITION = "--node-count 3 --rate 100 --concurrency 2n --time-limit 15 --latency 5 "
  .. "--nemesis partition --seed "

local function path(name)
  return ("challenges/variants/kafka_%s.lua"):format(name)
end

-- Whether an error of this kind is found within some seeds.
local function fails(name, options, kind)
  for seed = 1, 5 do
    local run = bench.run(path(name), options .. seed)
    for _, found in ipairs(run.results.workload["bad-error-types"]) do
      if found == kind then
        assert.is_false(run.results["valid?"])
        return true
      end
    end
  end
  return false
end

local function calls(name, at_least, at_most)
  for seed = 1, 2 do
    local run = bench.valid(path(name), CALM .. seed)
    local figure = run.results.net.servers["msgs-per-op"]
    assert(figure >= at_least and figure <= at_most, run.command .. ": " .. figure .. " messages")
    assert.equal(1, kafka_lab.available(run))
  end
end

describe("committed offsets", function()
  for _, name in ipairs({ "offsets_lin_entries_seq", "one_key_cas", "tail_pointer", "linger",
    "hash_leader" }) do
    it("grow and do not go back: " .. name, function()
      kafka_lab.commits_grow(path(name), 3)
    end)
  end
end)

describe("kafka by lin-kv offsets and seq-kv entries", function()
  it("is right when calm, for 9 to 13 messages an operation", function()
    calls("offsets_lin_entries_seq", 9, 13)
  end)

  it("refuses what is malformed", function()
    kafka_lab.refuses_what_is_malformed(path("offsets_lin_entries_seq"), 1)
  end)

  it("ends a log for good where an entry was lost behind its offset", function()
    assert(fails("offsets_lin_entries_seq", LOSS, "unseen"))
    local nodes = testing.start(path("offsets_lin_entries_seq"), { nodes = 2 })
    kafka_lab.send(nodes, "n0", "a", { 1 })
    nodes.world:cut("seq-kv", "n0")
    assert.is_nil((nodes:ask("n0", { type = "send", key = "a", msg = 2 })))
    nodes:heal()
    kafka_lab.send(nodes, "n1", "a", { 3 })
    nodes:run(60)
    assert.same({ 1 }, (kafka_lab.poll(nodes, "n1", "a")))
  end)
end)

describe("kafka with a log in one key", function()
  it("is right when calm, for 4 to 7 messages an operation", function()
    calls("one_key_cas", 4, 7)
  end)

  it("refuses what is malformed", function()
    kafka_lab.refuses_what_is_malformed(path("one_key_cas"), 1)
  end)

  it("has lines that grow without bound", function()
    local nodes = testing.start(path("one_key_cas"), { nodes = 1 })
    local function longest(count)
      for i = 1, count do
        kafka_lab.send(nodes, "n0", "a", { i * 1000000 })
      end
      local bytes = 0
      for _, message in ipairs(nodes:sent()) do
        bytes = math.max(bytes, #json.encode(message.body))
      end
      return bytes
    end
    local first, second = longest(100), longest(100)
    assert(second > 1.8 * first, ("%d and %d bytes"):format(first, second))
  end)

  it("appends twice where messages are lost and doubled", function()
    assert(fails("one_key_cas", LOSS, "duplicate"))
  end)
end)

describe("kafka with a pointer to the tail", function()
  it("is right when calm, for 8 to 12 messages an operation", function()
    calls("tail_pointer", 8, 12)
  end)

  it("refuses what is malformed", function()
    kafka_lab.refuses_what_is_malformed(path("tail_pointer"), 1)
  end)

  it("stands loss and doubles", function()
    for seed = 1, 2 do
      bench.valid(path("tail_pointer"), LOSS .. seed)
    end
  end)

  it("needs three requests for each of the messages that come together", function()
    local nodes = testing.start(path("tail_pointer"), { nodes = 1 })
    nodes:journal()
    local offsets = {}
    for i = 1, 5 do
      nodes.cluster:client():request("n0", { type = "send", key = "k" .. i, msg = i }, 5,
        function(reply) offsets[i] = reply.offset end)
    end
    nodes:run(1)
    assert.same({ 0, 0, 0, 0, 0 }, offsets)
    assert.equal(5 * 3 * 2, #nodes:sent())
  end)
end)

describe("kafka with lingering batches", function()
  it("is right when calm, for 5 to 9 messages an operation", function()
    calls("linger", 5, 9)
  end)

  it("refuses what is malformed", function()
    kafka_lab.refuses_what_is_malformed(path("linger"), 1)
  end)

  it("stands loss and doubles", function()
    for seed = 1, 2 do
      bench.valid(path("linger"), LOSS .. seed)
    end
  end)

  it("makes one block of what comes together, and whoever sends waits for it", function()
    local nodes = testing.start(path("linger"), { nodes = 1, args = { "linger=0.3" } })
    nodes:journal()
    local offsets, start = {}, nodes:now()
    for i = 1, 5 do
      nodes.cluster:client():request("n0", { type = "send", key = "a", msg = i }, 5, function(reply)
        offsets[i] = reply.offset
        assert.near(0.3, nodes:now() - start, 0.001)
      end)
    end
    nodes:run(1)
    assert.same({ 0, 1, 2, 3, 4 }, offsets)
    assert.equal(2, #nodes:sent())
  end)
end)

describe("kafka with a leader for each key", function()
  it("is right when calm, for 1 to 2 messages an operation", function()
    calls("hash_leader", 1, 2)
  end)

  it("refuses what is malformed", function()
    kafka_lab.refuses_what_is_malformed(path("hash_leader"), 1)
  end)

  it("has each key at one node, whoever is asked", function()
    local nodes = testing.start(path("hash_leader"), { nodes = 5 })
    local keys = {}
    for i = 1, 20 do
      keys[i] = "k" .. i
      for at, id in ipairs(nodes.ids) do
        assert.same({ at - 1 }, kafka_lab.send(nodes, id, keys[i], { at }))
      end
      nodes:ask("n" .. i % 5, { type = "commit_offsets", offsets = { [keys[i]] = i } })
    end
    for _, id in ipairs(nodes.ids) do
      local listed = nodes:ask(id, { type = "list_committed_offsets", keys = keys }).offsets
      for i, key in ipairs(keys) do
        assert.same({ 1, 2, 3, 4, 5 }, (kafka_lab.poll(nodes, id, key)))
        assert.equal(i, listed[key])
      end
    end
  end)

  it("is out of reach in a partition, and loses what a killed node had", function()
    local run = bench.valid(path("hash_leader"), PARTITION .. 1)
    bench.at_most(0.99, kafka_lab.available(run), "availability", run)
    local nodes = testing.start(path("hash_leader"), { nodes = 2 })
    for i = 1, 10 do
      kafka_lab.send(nodes, "n0", "k" .. i, { i })
    end
    nodes:restart("n1")
    local lost = 0
    for i = 1, 10 do
      lost = lost + 1 - #(kafka_lab.poll(nodes, "n0", "k" .. i))
    end
    assert(lost > 0 and lost < 10, lost)
  end)

  it("takes a request twice that a network doubles", function()
    assert(fails("hash_leader", LOSS, "duplicate"))
  end)
end)
