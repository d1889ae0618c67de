local json = require "hearsay.json"
local kv_lab = dofile("tests/lua/kv_lab.lua")
local node_lab = dofile("tests/lua/node_lab.lua")

local start, ask_all, times = kv_lab.start, kv_lab.ask_all, kv_lab.times

describe("kv", function()
  for _, name in ipairs({ "lin", "seq", "lww" }) do
    it("reads, writes, compares and sets, and creates, " .. name, function()
      -- lww-kv does so too where nothing is between two requests that its replicas tell apart.
      local found, message
      for seed = 1, name == "lww" and 200 or 1 do
        local nodes = start({ seed = seed })
        local function call(...)
          return nodes:call("n0", name, ...)
        end
        found, message = pcall(function()
          local value, err = call("read", "k")
          assert.is_nil(value)
          assert.same({ "key_does_not_exist", true }, { err.name, err.definite })
          assert.equal(5, (call("read", "k", 5)))
          assert.equal("key_does_not_exist", select(2, call("cas", "k", 1, 2)).name)
          assert.is_true((call("write", "k", 1)))
          assert.equal(1, (call("read", "k", 5)))
          assert.equal("precondition_failed", select(2, call("cas", "k", 1.0, 2)).name)
          assert.is_true((call("cas", "k", 1, { "a", "b" })))
          assert.same({ "a", "b" }, (call("read", "k")))
          assert.equal("key_already_exists", select(2, call("create", "k", 3)).name)
          assert.is_true((call("create", { "l" }, json.null)))
          assert.equal(json.null, (call("read", { "l" }, 7)))
          assert.is_true((call("cas", "m", 8, false, true)))
          assert.is_false((call("read", "m", 9)))
        end)
        if found then break end
      end
      assert(found, message)
    end)
  end

  it("lets two nodes win who take 0 as what is there, and one of those who create", function()
    for seed = 1, 5 do
      for _, name in ipairs({ "lin", "seq" }) do
        local nodes = start({ nodes = 3, seed = seed, latency = 50, latency_dist = "uniform" })
        local function winners(method, ...)
          local count = 0
          for _, reply in ipairs(ask_all(nodes, times(3, { type = "call", store = name,
            method = method, args = json.array({ ... }) }))) do
            count = count + (reply.value and 1 or 0)
          end
          return count
        end
        assert.equal(3, winners("cas", "zero", 0, 0, true))
        assert.equal(1, winners("create", "one", 0))
        assert.equal(0, winners("create", "zero", 1))
        assert.equal(0, (nodes:call("n0", name, "read_newest", "one")))
      end
    end
  end)

  it("says after a time-out that nobody knows what happened", function()
    local nodes = start()
    nodes.world:cut("n0", "lin-kv")
    for _, call in ipairs({ { "read", "k", 1 }, { "write", "k", 1 }, { "cas", "k", 1, 2 },
      { "create", "l", 1 } }) do
      local before = nodes:now()
      local value, err = nodes:call("n0", "lin", table.unpack(call))
      assert.is_nil(value)
      assert.same({ "timeout", false }, { err.name, err.definite })
      assert.near(0.5, nodes:now() - before, 0.01)
    end
    nodes:heal()
    assert.equal(2, (nodes:call("n0", "lin", "read", "k"))) -- all of them were done
    assert.equal(1, (nodes:call("n0", "lin", "read", "l")))
  end)

  it("takes no reply for an answer that is none", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok" }, write = { type = "read_ok" },
      cas = { type = "error", code = 1234 } })
    local function err(...)
      local _, found = nodes:call("n0", "fake", ...)
      return { found.name, found.definite, found.text }
    end
    local why = err("read", "k", 5)
    assert.same({ "crash", false }, { why[1], why[2] })
    assert.matches('^n1: expected read_ok with a value, got {"type":"read_ok","in_reply_to":%d+}$',
      why[3])
    assert.matches("expected write_ok, got ", err("write", "k", 5)[3], 1, true)
    assert.same({ "code_1234", false, "error code 1234" }, err("cas", "k", 5, 6))
  end)

  it("says what it expected, at the caller's line", function()
    for call, expected in pairs({
      ["kv.lin:read()"] = "kv.read: expected a key; for JSON's null use json.null",
      ["kv.lin:write(1)"] = "kv.write: expected a value;",
      ["kv.lin:cas(1, nil, 2)"] = "kv.cas: expected a value to compare with;",
      ["kv.lin:cas(1, 2)"] = "kv.cas: expected a value to set;",
      ["kv.seq:create(1)"] = "kv.create: expected a value;",
      ["kv.seq:read_newest()"] = "kv.read_newest: expected a key;",
      ["kv.lin:update(1, 2)"] = "kv.update: expected a key and a function",
      ["kv.lin:ensure(nil, print)"] = "kv.ensure: expected a key and a function",
      ["kv.lin:with { time = 1 }"]
        = "kv.with: unknown option time; known are cap, deadline, pause, timeout",
      ["kv.lin:with { timeout = -1 }"]
        = "kv.with: timeout must be a number from 0, got -1",
      ["kv.lin:with { pause = 0/0 }"] = "kv.with: pause must be a number from 0",
    }) do
      local message = node_lab.load_error('local kv = require "hearsay.kv"\n' .. call)
      assert.matches(":3: " .. expected, message, 1, true)
    end
  end)
end)

describe("kv.barrier", function()
  -- One node counts up, another reads: how often it read something old.
  local function stale_reads(store, method, seed)
    local nodes = start({ nodes = 2, seed = seed })
    local stale = 0
    for i = 1, 40 do
      nodes:call("n0", store, "write", "k", i)
      stale = stale + (nodes:call("n1", store, method, "k", 0) == i and 0 or 1)
    end
    return stale
  end

  it("makes reads of seq-kv fresh, which they are not without it", function()
    for seed = 1, 5 do
      assert.is_true(stale_reads("seq", "read", seed) > 10)
      assert.equal(0, stale_reads("seq", "read_newest", seed))
    end
  end)

  it("costs nothing for lin-kv", function()
    assert.equal(0, stale_reads("lin", "read", 1))
    local nodes = start()
    nodes:sent()
    assert.is_true((nodes:call("n0", "lin", "barrier")))
    assert.equal(0, #nodes:sent())
  end)

  it("works after a restart, when a node does not know what it wrote before", function()
    local nodes = start({ nodes = 2 })
    for i = 1, 20 do
      assert.is_true((nodes:call("n0", "seq", "write", "k", i)))
      assert.equal(i, (nodes:call("n1", "seq", "read_newest", "k")))
      nodes:restart("n1")
    end
  end)

  it("is not there for lww-kv", function()
    local nodes = start()
    for _, method in ipairs({ "barrier", "read_newest" }) do
      local _, err = nodes:call("n0", "lww", method, "k")
      assert.equal("not_supported", err.name)
    end
  end)
end)
