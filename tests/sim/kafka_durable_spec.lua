-- Kafka nodes with their logs on disk: what they told anybody outlives a kill of all at once.

local bench = dofile("tests/sim/bench.lua")
local kafka_lab = dofile("tests/sim/kafka_lab.lua")
local randoms = require "hearsay.random"
local testing = require "hearsay.testing"

local FAULTS = "--rate 100 --concurrency 2n --time-limit 20 --latency 20 --sync-time 20 "
  .. "--nemesis-interval 3 "
local KEYS = { "a", "b" }

-- Takes note of the message at an offset, which everybody must agree on.
local function note(seen, key, offset, message)
  local place = key .. "/" .. offset
  local other = seen[place]
  assert(other == nil or other == message,
    ("offset %s was given to %s and to %s"):format(place, other, message))
  seen[place] = message
end

-- All that a node shows of a key, page by page.
local function poll_all(nodes, id, key, seen)
  local from, place_of = 0, {}
  while true do
    local messages, offsets = kafka_lab.poll(nodes, id, key, from)
    if not offsets[1] then
      return place_of
    end
    for i, offset in ipairs(offsets) do
      note(seen, key, offset, messages[i])
      assert(not place_of[messages[i]], messages[i] .. " is shown twice")
      place_of[messages[i]] = key .. "/" .. offset
    end
    from = offsets[#offsets] + 1
  end
end

-- Sends messages to random nodes, lets all of them end in the middle of it and start again, several
-- times, and compares what was told with what is there in the end. Returns how many messages were
-- acknowledged, and how many not.
local function kill_all(script, node_count, args, seed)
  local nodes = testing.start(script, { nodes = node_count, args = args, seed = seed,
    latency = 10, sync_time = 20 })
  local random, count = randoms.stream(seed, "load"), 0
  local told, seen, commits = {}, {}, {} -- message to place, place to message, key to offset
  local function send(id, key)
    count = count + 1
    local message = "m" .. count
    nodes.cluster:client():request(id, { type = "send", key = key, msg = message }, 10,
      function(reply)
        if reply then
          told[message] = key .. "/" .. reply.offset
          note(seen, key, reply.offset, message)
        end
      end)
  end
  local function poll(id, key)
    nodes.cluster:client():request(id, { type = "poll", offsets = { [key] = 0 } }, 10,
      function(reply)
        for _, pair in ipairs(reply and reply.msgs[key] or {}) do
          told[pair[2]] = key .. "/" .. pair[1]
          note(seen, key, pair[1], pair[2])
        end
      end)
  end
  local function commit(id, key)
    local offset = random:upto(1000)
    nodes.cluster:client():request(id, { type = "commit_offsets", offsets = { [key] = offset } },
      10, function(reply)
        commits[key] = math.max(commits[key] or -1, reply and offset or -1)
      end)
  end
  nodes:run(1)
  for life = 1, 4 do
    local is_last = life == 4
    for _ = 1, 20 + random:upto(100) do
      local id, key = nodes.ids[random:upto(node_count)], KEYS[random:upto(#KEYS)]
      local kind = random:upto(8)
      local ask = kind == 1 and poll or kind == 2 and commit or send
      ask(id, key)
      nodes:run(random:upto(10) / 1000)
    end
    if not is_last then
      for _, id in ipairs(nodes.ids) do
        nodes:kill(id)
      end
      for _, id in ipairs(nodes.ids) do
        nodes.cluster:restart(id)
      end
      nodes:run(random:upto(2) / 2) -- the next kill may come before they serve again
    end
  end
  nodes:run(5)
  local acknowledged = 0
  for _, id in ipairs(nodes.ids) do
    local shown = {}
    for _, key in ipairs(KEYS) do
      for message, place in pairs(poll_all(nodes, id, key, seen)) do
        shown[message] = place
      end
    end
    acknowledged = 0
    for message, place in pairs(told) do
      acknowledged = acknowledged + 1
      assert(shown[message] == place, ("seed %d: %s was told to be at %s, and %s has it at %s")
        :format(seed, message, place, id, tostring(shown[message])))
    end
    local listed = assert(nodes:ask(id, { type = "list_committed_offsets", keys = KEYS })).offsets
    for _, key in ipairs(KEYS) do
      assert((listed[key] or -1) >= (commits[key] or -1), "a committed offset went back")
    end
  end
  return acknowledged, count - acknowledged
end

for _, case in ipairs({
  { "kafka_5a", 1, { "most=200" } },
  { "kafka_5c", 3, { "acks=none", "acks=majority", "acks=all" } },
}) do
  local name, node_count, parameters = table.unpack(case)
  local script = "challenges/" .. name .. ".lua"

  describe(name .. " durable", function()
    for _, parameter in ipairs(parameters) do
      it("keeps what it told over kills of all nodes, " .. parameter, function()
        local args = { "durable=true", parameter }
        local acknowledged, others = 0, 0
        for seed = 1, 15 do
          local a, o = kill_all(script, node_count, args, seed)
          acknowledged, others = acknowledged + a, others + o
        end
        assert(acknowledged > 500 and others > 50, acknowledged .. " and " .. others)
      end)
    end

    for seed = 1, 3 do
      it("is valid where nodes are killed, seed " .. seed, function()
        local options = ("%s --node-count %d --seed %d"):format(FAULTS, node_count, seed)
        bench.valid(script .. " durable=true", options .. " --nemesis kill")
        if node_count > 1 then
          bench.valid(script .. " durable=true", options .. " --nemesis kill,partition")
        end
      end)
    end

    it("is invalid or loses something without", function()
      assert.has_error(function()
        for seed = 1, 3 do
          kill_all(script, node_count, {}, seed)
        end
      end)
    end)
  end)
end

describe("with keep", function()
  for _, case in ipairs({ { "kafka_5a", 1 }, { "kafka_5c", 3 } }) do
    local name, node_count = table.unpack(case)

    it(name .. " gives up what is committed, and its space, and nothing else", function()
      local nodes = testing.start("challenges/" .. name .. ".lua", { nodes = node_count,
        latency = 10, args = { "durable=true", "keep=30", "segment=4096" } })
      nodes:run(1)
      local offsets = {}
      for i = 1, 300 do
        offsets[i] = kafka_lab.send(nodes, "n0", "a", { ("m"):rep(100) .. i })[1]
        if i % 10 == 0 then
          nodes:run(0.5)
          assert(nodes:ask("n0", { type = "commit_offsets", offsets = { a = offsets[i - 5] } }))
        end
      end
      nodes:run(5)
      for _ = 1, 2 do
        for _, id in ipairs(nodes.ids) do
          local _, shown = kafka_lab.poll(nodes, id, "a", 0)
          local first = offsets[295] + 1 - 30
          assert.is_true(shown[1] >= first and shown[1] < first + node_count)
          assert.equal(offsets[300], shown[#shown])
          local bytes = 0
          for _, file in ipairs(nodes:files(id)) do
            bytes = bytes + #nodes:file(id, file)
          end
          assert.is_true(bytes < 5 * 4096, bytes .. " bytes") -- of 300 * 140
        end
        for _, id in ipairs(nodes.ids) do -- and that is how it stays
          nodes:kill(id)
        end
        for _, id in ipairs(nodes.ids) do
          nodes.cluster:restart(id)
        end
        nodes:run(5)
      end
      -- What nobody has sent cannot be given up.
      assert(nodes:ask("n0", { type = "commit_offsets", offsets = { a = 1 << 40, b = 1 << 40 } }))
      nodes:run(3)
      local later = kafka_lab.send(nodes, "n0", "a", { "later" })[1]
      assert.is_true(later > offsets[300] and later < 1 << 39)
      assert.is_true(kafka_lab.send(nodes, "n0", "b", { "later" })[1] < 1 << 39)
      nodes:run(3)
      local messages = kafka_lab.poll(nodes, "n0", "a", 0)
      assert.equal("later", messages[#messages])
    end)
  end

  -- What n1 does not have yet is committed by a client that guesses.
  it("kafka_5c gives up nothing that is not everywhere", function()
    local nodes = testing.start("challenges/kafka_5c.lua", { nodes = 3, latency = 10,
      args = { "durable=true", "keep=0" } })
    nodes:run(1)
    nodes:isolate("n1")
    local offsets = kafka_lab.send(nodes, "n0", "a", { 1, 2, 3 })
    assert(nodes:ask("n0", { type = "commit_offsets", offsets = { a = offsets[3] } }))
    nodes:run(2)
    nodes:heal()
    nodes:run(2)
    for _, id in ipairs(nodes.ids) do
      assert.same({ 1, 2, 3 }, (kafka_lab.poll(nodes, id, "a")))
    end
    assert(nodes:ask("n0", { type = "commit_offsets", offsets = { a = offsets[3] + 1 } }))
    nodes:run(2)
    assert.same({}, (kafka_lab.poll(nodes, "n0", "a")))
  end)
end)

describe("kafka_5c durable", function()
  -- Nobody but the disk of n1 knows the last messages, and it alone which offsets it has given.
  it("tells the others what only the disk of a killed node had", function()
    local nodes = testing.start("challenges/kafka_5c.lua", { nodes = 3, latency = 10,
      args = { "durable=true" } })
    nodes:run(1)
    nodes:isolate("n1")
    local offsets = kafka_lab.send(nodes, "n1", "a", { 1, 2, 3 })
    nodes:kill("n1")
    nodes:heal()
    nodes.cluster:restart("n1")
    local later = kafka_lab.send(nodes, "n1", "a", { 4 })[1]
    assert(later > offsets[3] and later < 1000) -- and no offsets are skipped for it
    nodes:run(2)
    for _, id in ipairs(nodes.ids) do
      assert.same({ 1, 2, 3, 4 }, (kafka_lab.poll(nodes, id, "a")))
    end
  end)

  it("goes on without the others after a kill, below nothing that it has told", function()
    local nodes = testing.start("challenges/kafka_5c.lua", { nodes = 3, latency = 10,
      args = { "durable=true" } })
    nodes:run(1)
    kafka_lab.send(nodes, "n0", "a", { 1, 2, 3, 4, 5 })
    nodes:run(1) -- and n1 has told a clock that is none of its own messages'
    nodes:isolate("n1")
    nodes:restart("n1")
    local offset = kafka_lab.send(nodes, "n1", "a", { 6 })[1]
    assert.same({ 1, 2, 3, 4, 5 }, (kafka_lab.poll(nodes, "n0", "a")))
    assert.same({}, (kafka_lab.poll(nodes, "n1", "a")))
    nodes:heal()
    nodes:run(3)
    local messages, offsets = kafka_lab.poll(nodes, "n0", "a")
    assert.same({ 1, 2, 3, 4, 5, 6 }, messages)
    assert.equal(offset, offsets[6])
  end)

  it("goes on without the others after a kill before the first message, too", function()
    local nodes = testing.start("challenges/kafka_5c.lua", { nodes = 3, latency = 10,
      args = { "durable=true" } })
    nodes:run(1)
    nodes:isolate("n1")
    nodes:restart("n1")
    local offset = kafka_lab.send(nodes, "n1", "a", { 1 })[1]
    assert(offset < 10)
    nodes:heal()
    nodes:run(3)
    local messages, offsets = kafka_lab.poll(nodes, "n0", "a")
    assert.same({ { 1 }, { offset } }, { messages, offsets })
  end)

  -- With another disk n1 hears from n0, and is killed; n2 alone knows which offsets it gave before.
  it("does not take what others told it for what it gave", function()
    local nodes = testing.start("challenges/kafka_5c.lua", { nodes = 3, latency = 10,
      args = { "durable=true" } })
    nodes:run(1)
    nodes:cut({ "n0" }, { "n1" })
    local before = kafka_lab.send(nodes, "n1", "a", { 1, 2, 3 })
    nodes:run(1)
    nodes:kill("n1")
    for _, name in ipairs(nodes:files("n1")) do
      nodes:file("n1", name, false)
    end
    nodes:heal()
    nodes:cut({ "n2" }, { "n0", "n1" })
    nodes.cluster:restart("n1")
    kafka_lab.send(nodes, "n0", "b", { "else" })
    nodes:run(2)
    nodes:restart("n1")
    assert.is_nil(nodes:ask("n1", { type = "send", key = "a", msg = 4 }, 3))
    nodes:heal()
    assert(kafka_lab.send(nodes, "n1", "a", { 5 })[1] > before[3])
    nodes:run(3)
    for _, id in ipairs(nodes.ids) do
      assert.same({ 1, 2, 3, 4, 5 }, (kafka_lab.poll(nodes, id, "a")))
    end
  end)

  it("gives no offset again where the disk was lost", function()
    local nodes = testing.start("challenges/kafka_5c.lua", { nodes = 3, latency = 10,
      args = { "durable=true" } })
    nodes:run(1)
    local before = kafka_lab.send(nodes, "n1", "a", { 1, 2, 3 })
    nodes:run(1)
    nodes:isolate("n1")
    before[4] = kafka_lab.send(nodes, "n1", "a", { "lost" })[1]
    nodes:kill("n1")
    for _, name in ipairs(nodes:files("n1")) do
      nodes:file("n1", name, false)
    end
    nodes:heal()
    nodes.cluster:restart("n1")
    assert(kafka_lab.send(nodes, "n1", "a", { 4 })[1] > before[4])
    nodes:run(2)
    for _, id in ipairs(nodes.ids) do
      assert.same({ 1, 2, 3, 4 }, (kafka_lab.poll(nodes, id, "a")))
    end
  end)

  -- While n0 waits for its disk, the clock of n1 passes what it took.
  it("shows nothing that a kill could take back", function()
    local nodes = testing.start("challenges/kafka_5c.lua", { nodes = 2, latency = 10,
      args = { "durable=true" }, sync_time = 1000 })
    nodes:run(0.5)
    local function send(id, message)
      nodes.cluster:client():request(id, { type = "send", key = "a", msg = message }, 9,
        function() end)
    end
    for i = 1, 15 do
      send("n1", i)
    end
    nodes:run(0.9)
    send("n0", 16)
    nodes:run(0.5)
    assert.same({}, (kafka_lab.poll(nodes, "n0", "a")))
    nodes:run(5)
    assert.equal(16, #(kafka_lab.poll(nodes, "n0", "a")))
  end)

  it("says why it cannot start where there is no folder", function()
    local pipe = assert(io.popen([[printf '%s\n' '{"src":"c","dest":"n1","body":{"type":"init",]]
      .. [["msg_id":1,"node_id":"n1","node_ids":["n1"]}}' | ./node challenges/kafka_5c.lua ]]
      .. "durable=true 2>&1"))
    local said = pipe:read("a")
    pipe:close()
    assert.matches("no folder for its files; start it with --data DIR", said, 1, true)
  end)
end)
