-- The workloads g-set, g-counter, pn-counter and lin-kv: what they ask, and what they take for an
-- answer.

local json = require "hearsay.json"
local randoms = require "hearsay.random"
local workloads = require "sim.workloads"

local function generator(name, opts, seed)
  return (workloads.get(name).generator(opts or {}, randoms.stream(seed or 1, "workload")))
end

-- Operations of a single worker.
local function generate(name, count, seed)
  local next_operation, list = generator(name, nil, seed), {}
  for i = 1, count do
    list[i] = { next_operation({ index = 0, process = { id = 0 } }, 0) }
  end
  return list
end

local function count(list, f)
  local n = 0
  for _, op in ipairs(list) do
    n = n + (op[1] == f and 1 or 0)
  end
  return n
end

-- What a workload makes of a reply: its result, or nil and what was expected.
local function result(name, f, text)
  return workloads.get(name).result({ f = f }, (json.decode(text)))
end

describe("inference", function()
  it("knows lin-kv", function()
    assert.equal("lin-kv", (workloads.infer({ "cas", "read", "write", "request_vote" })))
  end)

  it("asks which of g-set and the counters it is: their messages have the same types", function()
    local name, message = workloads.infer({ "add", "push", "read" })
    assert.is_nil(name)
    assert.equal("what the script handles (add, push, read) fits several workloads: say with -w "
      .. "which of g-set, g-counter, pn-counter", message)
  end)
end)

describe("g-set", function()
  it("adds 0, 1, 2, .. and reads as often, in random order", function()
    local next_element, ops = 0, generate("g-set", 4000)
    for _, op in ipairs(ops) do
      if op[1] == "add" then
        assert.equal(next_element, op[2])
        next_element = next_element + 1
      else
        assert.same({ "read" }, op)
      end
    end
    assert.near(2000, count(ops, "read"), 130)
    assert.same(generate("g-set", 50, 1), generate("g-set", 50, 1))
    assert.not_same(generate("g-set", 50, 1), generate("g-set", 50, 2))
  end)

  it("asks and is answered as in Maelstrom", function()
    local workload = workloads.get("g-set")
    assert.same({ type = "add", element = 7 }, workload.request({ f = "add", value = 7 }))
    assert.same({ type = "read" }, workload.request({ f = "read" }))
    assert.is_true(result("g-set", "add", '{"type":"add_ok"}'))
    assert.same({ nil, '{"type": "add_ok"}' }, { result("g-set", "add", '{"type":"ok"}') })
    assert.same(json.array({ 1, 2 }), (result("g-set", "read", '{"type":"read_ok","value":[1,2]}')))
    assert.same(json.array(), (result("g-set", "read", '{"type":"read_ok","value":[]}')))
    for _, text in ipairs({ '{"type":"read_ok"}', '{"type":"read_ok","value":{}}',
      '{"type":"read_ok","value":1}', '{"type":"add_ok","value":[]}' }) do
      assert.same({ nil, '{"type": "read_ok", "value": [..]}' }, { result("g-set", "read", text) })
    end
    assert.same({ read = true }, workload.idempotent)
  end)

  it("ends with a read of each worker", function()
    local final = workloads.get("g-set").final({}, {})
    assert.same({ "read" }, { final({ index = 3 }) })
    assert.same({}, { final({ index = 3 }) })
  end)
end)

describe("counters", function()
  local function deltas(ops)
    local seen = {}
    for _, op in ipairs(ops) do
      if op[1] == "add" then
        seen[op[2]] = (seen[op[2]] or 0) + 1
      else
        assert.same({ "read" }, op)
      end
    end
    return seen
  end

  it("add -5 to 4 in pn-counter, half of the time", function()
    local ops = generate("pn-counter", 8000)
    assert.near(4000, count(ops, "read"), 180)
    local seen = deltas(ops)
    for delta = -5, 4 do
      assert.near(400, seen[delta], 100)
      seen[delta] = nil
    end
    assert.is_nil(next(seen))
  end)

  it("add 0 to 4 in g-counter, a third of the time, as Maelstrom passes over the others", function()
    local ops = generate("g-counter", 9000)
    assert.near(6000, count(ops, "read"), 200)
    local seen = deltas(ops)
    for delta = 0, 4 do
      assert.near(600, seen[delta], 120)
      seen[delta] = nil
    end
    assert.is_nil(next(seen))
  end)

  for _, name in ipairs({ "g-counter", "pn-counter" }) do
    it("ask and are answered as in Maelstrom: " .. name, function()
      local workload = workloads.get(name)
      assert.same({ type = "add", delta = -3 }, workload.request({ f = "add", value = -3 }))
      assert.same({ type = "read" }, workload.request({ f = "read" }))
      assert.is_true(result(name, "add", '{"type":"add_ok"}'))
      assert.same({ nil, '{"type": "add_ok"}' }, { result(name, "add", '{"type":"read_ok"}') })
      assert.equal(-7, (result(name, "read", '{"type":"read_ok","value":-7}')))
      for _, text in ipairs({ '{"type":"read_ok"}', '{"type":"read_ok","value":1.0}',
        '{"type":"read_ok","value":"1"}', '{"type":"read_ok","value":null}',
        '{"type":"add_ok","value":1}' }) do
        assert.same({ nil, '{"type": "read_ok", "value": an integer}' },
          { result(name, "read", text) })
      end
      assert.same({ read = true }, workload.idempotent)
      assert.same({ "read" }, { workload.final({}, {})({ index = 0 }) })
    end)
  end
end)

describe("lin-kv", function()
  local NODES = { "n1", "n2", "n3", "n4", "n5" }

  local function opts(concurrency, nodes)
    return { nodes = nodes or NODES, concurrency = concurrency, latency = 0 }
  end

  -- Workers that can be asked, and crash.
  local function new_workers(options)
    local workers = {}
    for index = 0, options.concurrency - 1 do
      workers[index] = { index = index, process = { id = index } }
    end
    local function crash(index)
      workers[index].process = { id = workers[index].process.id + options.concurrency }
    end
    return workers, crash
  end

  -- What so many rounds of all workers ask: counts by worker and f, and all keys.
  local function rounds(next_operation, workers, number)
    local counts, keys = {}, {}
    for index = 0, #workers do
      counts[index] = { read = 0, write = 0, cas = 0 }
      for _ = 1, number do
        local f, value = next_operation(workers[index], 0)
        counts[index][f] = counts[index][f] + 1
        keys[index] = value.key
      end
    end
    return counts, keys
  end

  it("lets one of two workers at each node read, the other write or compare and set", function()
    local options = opts(10)
    local counts = rounds(generator("lin-kv", options), (new_workers(options)), 300)
    for index = 0, 9 do
      if index < 5 then
        assert.same({ read = 300, write = 0, cas = 0 }, counts[index])
      else
        assert.equal(0, counts[index].read)
        assert.near(100, counts[index].write, 45)
      end
    end
  end)

  it("asks with values from 0 to 4", function()
    local options, seen = opts(10), {}
    local next_operation, workers = generator("lin-kv", options), (new_workers(options))
    for _ = 1, 1000 do
      local f, value = next_operation(workers[7], 0)
      if f == "write" then
        assert.same({ key = 0, value = value.value }, value)
        seen["write " .. value.value] = true
      else
        assert.same({ key = 0, from = value.from, to = value.to }, value)
        seen[("cas %d %d"):format(value.from, value.to)] = true
      end
    end
    local kinds = 0
    for name in pairs(seen) do
      assert(name:find("^write [0-4]$") or name:find("^cas [0-4] [0-4]$"), name)
      kinds = kinds + 1
    end
    assert.equal(30, kinds)
    assert.same({ "read", { key = 0 } }, { next_operation(workers[0], 0) })
  end)

  it("gives each group of 2n workers a key of its own, and the rest to the last group", function()
    local options = opts(27)
    local _, keys = rounds(generator("lin-kv", options), (new_workers(options)), 1)
    for index = 0, 26 do
      assert.equal(index < 10 and 0 or 1, keys[index])
    end
  end)

  it("has one key for less than 2n workers, each of whom does everything", function()
    for _, concurrency in ipairs({ 1, 5, 9 }) do
      local options = opts(concurrency)
      local counts, keys = rounds(generator("lin-kv", options), (new_workers(options)), 300)
      for index = 0, concurrency - 1 do
        assert.equal(0, keys[index])
        assert.near(150, counts[index].read, 50)
        assert.near(50, counts[index].write, 35)
      end
    end
  end)

  it("changes the key when 20 processes had it", function()
    local options = opts(20) -- two groups
    local next_operation = generator("lin-kv", options)
    local workers, crash = new_workers(options)
    local _, keys = rounds(next_operation, workers, 1)
    assert.same({ 0, 1 }, { keys[0], keys[10] })
    for i = 1, 10 do
      crash(i % 3)
      _, keys = rounds(next_operation, workers, 2)
      assert.same({ 0, 0, 1 }, { keys[0], keys[9], keys[10] })
    end
    crash(4)
    assert.same({ "read", { key = 2 } }, { next_operation(workers[4], 0) })
    _, keys = rounds(next_operation, workers, 1)
    assert.same({ 2, 2, 1 }, { keys[0], keys[9], keys[10] })
    for i = 1, 11 do
      crash(10)
      _, keys = rounds(next_operation, workers, 1)
      assert.same({ 2, i == 11 and 3 or 1 }, { keys[9], keys[19] })
    end
    for i = 1, 11 do
      crash(0)
      _, keys = rounds(next_operation, workers, 1)
      assert.same({ i == 11 and 4 or 2, 3 }, { keys[9], keys[19] })
    end
  end)

  it("changes it at the first crash where more than 20 workers share one", function()
    local nodes = {}
    for i = 1, 13 do
      nodes[i] = "n" .. i
    end
    local options = opts(26, nodes)
    local next_operation = generator("lin-kv", options)
    local workers, crash = new_workers(options)
    local _, keys = rounds(next_operation, workers, 5)
    assert.equal(0, keys[25])
    crash(3)
    _, keys = rounds(next_operation, workers, 5)
    assert.same({ 0, 1 }, { keys[2], keys[25] })
  end)

  it("waits for ten times the latency, a second at least", function()
    local workload = workloads.get("lin-kv")
    assert.equal(1, workload.timeout({ latency = 0 }))
    assert.equal(1, workload.timeout({ latency = 100 }))
    assert.equal(2.5, workload.timeout({ latency = 250 }))
  end)

  it("asks and is answered as in Maelstrom", function()
    local workload = workloads.get("lin-kv")
    assert.same({ type = "read", key = 3 }, workload.request({ f = "read", value = { key = 3 } }))
    assert.same({ type = "write", key = 3, value = 1 },
      workload.request({ f = "write", value = { key = 3, value = 1 } }))
    assert.same({ type = "cas", key = 3, from = 1, to = 2 },
      workload.request({ f = "cas", value = { key = 3, from = 1, to = 2 } }))
    assert.is_true(result("lin-kv", "write", '{"type":"write_ok"}'))
    assert.is_true(result("lin-kv", "cas", '{"type":"cas_ok"}'))
    assert.same({ nil, '{"type": "cas_ok"}' }, { result("lin-kv", "cas", '{"type":"write_ok"}') })
    assert.same({ nil, '{"type": "write_ok"}' }, { result("lin-kv", "write", '{"type":"cas_ok"}') })
    assert.equal(json.null, (result("lin-kv", "read", '{"type":"read_ok","value":null}')))
    assert.equal(5, (result("lin-kv", "read", '{"type":"read_ok","value":5}')))
    for _, text in ipairs({ '{"type":"read_ok"}', '{"type":"write_ok","value":5}' }) do
      assert.same({ nil, '{"type": "read_ok", "value": ..}' }, { result("lin-kv", "read", text) })
    end
    assert.same({ read = true }, workload.idempotent)
  end)

  it("has no final phase", function()
    assert.is_nil(workloads.get("lin-kv").final)
  end)
end)
