-- kv.update and kv.ensure: a change that others and the network get in the way of.

local errors = require "hearsay.errors"
local kv_lab = dofile("tests/lua/kv_lab.lua")

local start, ask_all, times = kv_lab.start, kv_lab.ask_all, kv_lab.times

describe("kv.update", function()
  for _, name in ipairs({ "lin", "seq" }) do
    it("loses nothing and counts nothing twice among nodes that are all at it, " .. name, function()
      for seed = 1, 5 do
        local nodes = start({ nodes = 4, seed = seed, latency = 5, latency_dist = "exponential" })
        local sums = {}
        for _, reply in ipairs(ask_all(nodes, times(24, { type = "count", store = name,
          default = 0 }))) do
          assert.is_nil(reply.error)
          sums[#sums + 1] = reply.value
        end
        table.sort(sums)
        for i = 1, 24 do
          assert.equal(i, sums[i]) -- each saw another sum
        end
        assert.equal(24, (nodes:call("n0", name, "read_newest", "k")))
      end
    end)
  end

  it("is an error where there is no key and no default", function()
    local reply = start():ask("n0", { type = "count", store = "lin" })
    assert.equal("key_does_not_exist", reply.error.name)
    assert.equal(0, reply.calls)
  end)

  it("writes nothing when the function leaves the value as it is", function()
    local nodes = start()
    nodes:call("n0", "lin", "write", "k", { "a" })
    nodes:sent()
    assert.same({ "a" }, nodes:ask("n0",
      { type = "add", store = "lin", method = "update", id = "a" }).value)
    local sent = nodes:sent()
    assert.same({ 2, "read" }, { #sent, sent[1].body.type })
  end)

  it("lets the function change what it is given, also the default, in each try", function()
    local nodes = start({ nodes = 3, latency = 5 })
    local bodies = {}
    for i = 1, 12 do
      bodies[i] = { type = "add", store = "lin", method = "update", id = i }
    end
    for i, reply in ipairs(ask_all(nodes, bodies)) do
      assert.is_nil(reply.error)
      assert.equal(i, reply.value[#reply.value])
    end
    local list = nodes:call("n0", "lin", "read", "k")
    table.sort(list)
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, list)
  end)

  it("does not repeat a cas that timed out, and says that it may be done", function()
    local nodes, reply = start({ latency = 100 }), nil
    nodes:call("n0", "lin", "write", "k", 10)
    nodes.cluster:client():request("n0", { type = "count", store = "lin" }, 20, function(...)
      reply = ...
      nodes.world:stop()
    end)
    nodes:run(0.25)
    nodes.world:cut("n0", "lin-kv") -- what it read has come, the reply to its cas does not
    nodes:run(0.3)
    nodes:heal()
    nodes:run(20)
    assert.same({ "timeout", false }, { reply.error.name, reply.error.definite })
    assert.equal(1, reply.calls)
    assert.equal(11, (nodes:call("n0", "lin", "read", "k")))
  end)

  it("reads again after a read that timed out, until its deadline, and then nothing happened",
    function()
      local nodes = start()
      nodes.world:cut("n0", "lin-kv")
      local reply
      nodes.cluster:client():request("n0", { type = "count", store = "lin", default = 0 }, 20,
        function(...) reply = ... end)
      nodes:run(3)
      nodes:heal()
      nodes:run(2)
      assert.equal(1, reply.value)
      nodes.world:cut("n0", "lin-kv")
      local before = nodes:now()
      local late = nodes:ask("n0", { type = "count", store = "lin", default = 0 }, 20)
      assert.same({ "temporarily_unavailable", true, 0 },
        { late.error.name, late.error.definite, late.calls })
      assert.matches("lin-kv: key \"k\" could not be read: timeout", late.error.text, 1, true)
      assert.is_true(nodes:now() - before > 4 and nodes:now() - before < 6)
    end)

  it("gives up at its deadline when others always win, with pauses that grow up to a cap",
    function()
      local nodes = start({ nodes = 2 })
      nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 },
        cas = errors.body(errors.new("precondition_failed")) })
      local before = nodes:now()
      nodes:sent()
      local reply = nodes:ask("n0", { type = "count", store = "fake" }, 20)
      assert.same({ "precondition_failed", true }, { reply.error.name, reply.error.definite })
      assert.is_true(nodes:now() - before < 2)
      assert.is_true(reply.calls >= 5 and reply.calls <= 20, reply.calls)
      assert.equal(4 * reply.calls, #nodes:sent())
      reply = nodes:ask("n0", { type = "count", store = "eager" }, 20)
      assert.is_true(reply.calls >= 40, reply.calls) -- 2 s, and at most 0.05 s between them
    end)

  it("gives each try a default of its own, which the function may change", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = errors.body(errors.new("key_does_not_exist")),
      cas = errors.body(errors.new("precondition_failed")) })
    nodes:sent()
    local reply = nodes:ask("n0", { type = "add", store = "fake", method = "update", id = 7 }, 20)
    assert.equal("precondition_failed", reply.error.name)
    local count = 0
    for _, message in ipairs(nodes:sent()) do
      if message.body.type == "cas" then
        count = count + 1
        assert.same({ {}, { 7 }, true },
          { message.body.from, message.body.to, message.body.create_if_not_exists })
      end
    end
    assert.is_true(count > 3)
  end)

  it("tries again where a key that was read is gone, as at the other replica of lww-kv", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 },
      cas = errors.body(errors.new("key_does_not_exist")) })
    local reply = nodes:ask("n0", { type = "count", store = "fake", default = 0 }, 20)
    assert.equal("precondition_failed", reply.error.name)
    assert.is_true(reply.calls > 1)
  end)

  it("needs two tries at most at a node that is behind in seq-kv", function()
    for seed = 1, 20 do
      local nodes = start({ nodes = 2, seed = seed })
      for i = 1, 40 do
        nodes:call("n0", "seq", "write", "k", i)
      end
      local reply = nodes:ask("n1", { type = "count", store = "seq" })
      assert.equal(41, reply.value)
      assert.is_true(reply.calls <= 2)
    end
  end)

  it("does not try again what will never do", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 },
      cas = errors.body(errors.new("not_supported")) })
    local reply = nodes:ask("n0", { type = "count", store = "fake" })
    assert.same({ "not_supported", 1 }, { reply.error.name, reply.calls })
  end)

  it("loses updates in lww-kv, as it must", function()
    local lost = false
    for seed = 1, 20 do
      local nodes = start({ nodes = 3, seed = seed })
      local confirmed = 0
      for _, reply in ipairs(ask_all(nodes, times(12, { type = "count", store = "lww",
        default = 0 }))) do
        confirmed = confirmed + (reply.value and 1 or 0)
      end
      local most = 0
      for _ = 1, 20 do
        most = math.max(most, (nodes:call("n0", "lww", "read", "k", 0)))
      end
      lost = lost or most < confirmed
    end
    assert.is_true(lost)
  end)
end)

describe("kv.ensure", function()
  -- Adds ids, or counts, at three nodes while the network misbehaves: the replies, and what is
  -- there in the end.
  local function add_through_faults(store, method, seed, faults)
    local nodes = start({ nodes = 3, seed = seed, latency = 5, latency_dist = "exponential" })
    for _, fault in ipairs(faults) do
      nodes.world:fault(fault, 0.2)
    end
    local bodies = {}
    for i = 1, 9 do
      bodies[i] = { type = method == "update" and "count" or "add", store = store, method = method,
        id = i, default = 0 }
    end
    local replies = ask_all(nodes, bodies)
    for _, fault in ipairs(faults) do
      nodes.world:fault(fault, 0)
    end
    return replies, (nodes:call("n0", store, "read_newest", "k"))
  end

  for _, store in ipairs({ "lin", "seq" }) do
    it("makes a change exactly once, whatever the network does, " .. store, function()
      local confirmed = 0
      for seed = 1, 10 do
        local replies, list = add_through_faults(store, "ensure", seed,
          { "loss", "duplicate", "reorder" })
        local count = {}
        for _, id in ipairs(list) do
          count[id] = (count[id] or 0) + 1
          assert.equal(1, count[id])
        end
        for id, reply in ipairs(replies) do
          if reply.value then
            assert.equal(1, count[id], ("seed %d: %d was confirmed and is not there")
              :format(seed, id))
            confirmed = confirmed + 1
          elseif reply.error.definite then
            assert.is_nil(count[id], ("seed %d: %d was refused and is there"):format(seed, id))
          end
        end
      end
      assert.is_true(confirmed > 60, confirmed)
    end)
  end

  it("is needed there: update counts some twice, as a cas that comes twice may fail", function()
    local twice = false
    for seed = 1, 40 do
      local replies, sum = add_through_faults("lin", "update", seed, { "duplicate", "reorder" })
      local possible = 0
      for _, reply in ipairs(replies) do
        possible = possible + ((reply.value or not reply.error.definite) and 1 or 0)
      end
      twice = twice or sum > possible
    end
    assert.is_true(twice)
  end)

  it("ends with an error that is not definite once a cas timed out", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 } }) -- no cas
    local reply = nodes:ask("n0", { type = "count", store = "fake", method = "ensure" }, 20)
    assert.same({ "timeout", false }, { reply.error.name, reply.error.definite })
    assert.is_true(reply.calls > 1)
  end)

  it("takes a cas that was refused for undone only where its function has seen that", function()
    -- The first of two deliveries is done, its answer is lost, and the second is refused.
    local refusal = errors.body(errors.new("precondition_failed"))
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 }, cas = refusal })
    for tries, expected in pairs({ [0] = { "abort", true }, { "timeout", false } }) do
      local reply = nodes:ask("n0", { type = "count", store = "fake", method = "ensure",
        tries = tries }, 20)
      assert.same({ expected, tries + 1 },
        { { reply.error.name, reply.error.definite }, reply.calls })
    end
    local reply = nodes:ask("n0", { type = "count", store = "fake", method = "ensure" }, 20)
    assert.same({ "timeout", false }, { reply.error.name, reply.error.definite })
    assert.matches("^fake: nothing was read of key \"k\" after its last cas: precondition_failed",
      (reply.error.text:gsub("^n1", "fake")))
    assert.is_true(reply.calls > 1)
    reply = nodes:ask("n0", { type = "count", store = "fake" }, 20) -- update cannot tell
    assert.equal("precondition_failed", reply.error.name)
  end)

  it("ends as the function says, but with what is in doubt once a cas timed out", function()
    local nodes = start({ nodes = 2 })
    nodes:ask("n1", { type = "answer", read = { type = "read_ok", value = 1 } }) -- no cas
    for tries, expected in pairs({ [0] = { "abort", true }, { "timeout", false } }) do
      local reply = nodes:ask("n0", { type = "count", store = "fake", method = "ensure",
        tries = tries }, 20)
      assert.same({ expected, tries + 1 },
        { { reply.error.name, reply.error.definite }, reply.calls })
    end
  end)
end)
