-- Workload kafka: what its clients do, and when.

local errors = require "hearsay.errors"
local json = require "hearsay.json"
local kafka = require "sim.workloads.kafka"
local randoms = require "hearsay.random"
local workloads = require "sim.workloads"

describe("a client of workload kafka", function()
  local process

  before_each(function() process = { id = 0 } end)

  -- Does an operation while a node gives the replies, one after the other. A reply is a body, or
  -- the name of an error. Returns the operation with its outcome, and the requests.
  local function perform(f, value, replies)
    local op, asked, ended = { f = f, value = value }, {}, 0
    kafka.perform(op, function(body, answer)
      asked[#asked + 1] = assert(json.decode(json.encode(body)))
      local reply = table.remove(replies, 1)
      if type(reply) == "string" then
        answer(nil, errors.new(reply))
      else
        answer(assert(json.decode(json.encode(assert(reply, "an unexpected request")))))
      end
    end, function(result, err)
      ended = ended + 1
      op.result, op.error = result, err
    end, process)
    assert.equal(1, ended)
    assert.equal(0, #replies)
    return op, asked
  end

  local function keys(...)
    return { keys = json.array({ ... }) }
  end

  local LISTED = { type = "list_committed_offsets_ok", offsets = {} }
  local COMMITTED = { type = "commit_offsets_ok" }

  local function shown(msgs)
    return { type = "poll_ok", msgs = msgs }
  end

  -- What the next poll asks for.
  local function positions()
    local _, asked = perform("poll", nil, { shown({}) })
    assert.equal("poll", asked[1].type)
    return asked[1].offsets
  end

  it("sends", function()
    local op, asked = perform("send", { key = "7", msg = 3 }, { { type = "send_ok", offset = 5 } })
    assert.same({ { type = "send", key = "7", msg = 3 } }, asked)
    assert.equal(5, op.result)
    op = perform("send", { key = "7", msg = 3 }, { "temporarily_unavailable" })
    assert.equal("temporarily_unavailable", op.error.name)
  end)

  it("polls nothing before it is assigned to anything", function()
    local op, asked = perform("poll", nil, { shown({}) })
    assert.equal('{"offsets":{},"type":"poll"}', json.encode(asked[1], true))
    assert.same({}, op.result)
    assert.is_nil(op.commit)
  end)

  it("begins at 0 in new logs, whatever is committed", function()
    local op, asked = perform("assign", keys("7", "8"),
      { { type = "list_committed_offsets_ok", offsets = { ["7"] = 3 } } })
    assert.equal("list_committed_offsets", asked[1].type)
    assert.equal('["7","8"]', json.encode(asked[1].keys))
    assert.same({ ["7"] = 3 }, op.result)
    assert.same({ ["7"] = 0, ["8"] = 0 }, positions())
  end)

  it("goes on behind what it was shown, and commits it", function()
    perform("assign", keys("7", "8", "9"), { LISTED })
    local msgs = { ["7"] = json.array({ { 0, 1 }, { 4, 2 } }), ["8"] = json.array({}),
      ["9"] = json.array({ { 6, 1 }, { 2, 2 } }) }
    local op, asked = perform("poll", nil, { shown(msgs), COMMITTED })
    assert.same({ type = "commit_offsets", offsets = { ["7"] = 4, ["9"] = 6 } }, asked[2])
    assert.same({ ["7"] = 4, ["9"] = 6 }, op.commit)
    assert.equal(2, #op.result["7"])
    assert.same({ ["7"] = 5, ["8"] = 0, ["9"] = 7 }, positions())
  end)

  it("does not go back, and polls what it was shown without asking", function()
    perform("assign", keys("7"), { LISTED })
    perform("poll", nil, { shown({ ["7"] = json.array({ { 4, 1 } }) }), COMMITTED })
    perform("poll", nil,
      { shown({ ["7"] = json.array({ { 1, 2 } }), ["5"] = json.array({ { 0, 1 } }) }), COMMITTED })
    assert.same({ ["5"] = 1, ["7"] = 5 }, positions())
  end)

  it("stays where it is when its poll or its commit fails", function()
    perform("assign", keys("7"), { LISTED })
    perform("poll", nil, { "temporarily_unavailable" })
    local op = perform("poll", nil,
      { shown({ ["7"] = json.array({ { 4, 1 } }) }), "temporarily_unavailable" })
    assert.equal("temporarily_unavailable", op.error.name)
    assert.is_nil(op.result)
    assert.same({ ["7"] = 4 }, op.commit)
    assert.same({ ["7"] = 0 }, positions())
  end)

  it("keeps its place in logs that stay assigned, and gives up others", function()
    perform("assign", keys("7", "8"), { LISTED })
    perform("poll", nil, { shown({ ["7"] = json.array({ { 4, 1 } }) }), COMMITTED })
    perform("assign", keys("7", "9"), { "temporarily_unavailable" })
    assert.same({ ["7"] = 5, ["8"] = 0 }, positions())
    perform("assign", keys("7", "9"), { LISTED })
    assert.same({ ["7"] = 5, ["9"] = 0 }, positions())
    perform("assign", keys("9"), { LISTED })
    perform("assign", keys("7", "9"), { LISTED })
    assert.same({ ["7"] = 0, ["9"] = 0 }, positions())
  end)

  it("seeks to the beginning without a word to the node", function()
    perform("assign", keys("7"), { LISTED })
    perform("poll", nil, { shown({ ["7"] = json.array({ { 4, 1 } }) }), COMMITTED })
    local op = perform("assign",
      { keys = json.array({ "7", "8" }), seek_to_beginning = true }, {})
    assert.is_true(op.result)
    assert.same({ ["7"] = 0, ["8"] = 0 }, positions())
  end)

  it("gives up when it is to", function()
    local op = perform("crash", nil, {})
    assert.is_false(op.error.definite)
    assert.is_true(op.planned)
  end)

  local array = json.array
  for _, case in ipairs {
    { "send", { type = "send_ok" } },
    { "send", { type = "send_ok", offset = "5" } },
    { "send", { type = "send_ok", offset = 5.0 } },
    { "send", { type = "ok", offset = 5 } },
    { "poll", { type = "poll_ok" } },
    { "poll", { type = "poll_ok", msgs = array() } },
    { "poll", { type = "poll_ok", msgs = { ["7"] = {} } } },
    { "poll", { type = "poll_ok", msgs = { ["7"] = json.null } } },
    { "poll", { type = "poll_ok", msgs = { ["7"] = array({ 5 }) } } },
    { "poll", { type = "poll_ok", msgs = { ["7"] = array({ array({ 5 }) }) } } },
    { "poll", { type = "poll_ok", msgs = { ["7"] = array({ array({ 5, 1, 1 }) }) } } },
    { "poll", { type = "poll_ok", msgs = { ["7"] = array({ array({ "5", 1 }) }) } } },
    { "assign", { type = "list_committed_offsets_ok" } },
    { "assign", { type = "list_committed_offsets_ok", offsets = array() } },
    { "assign", { type = "list_committed_offsets_ok", offsets = { ["7"] = json.null } } },
  } do
    local f, reply = table.unpack(case)
    it("takes no such reply: " .. json.encode(reply, true), function()
      local values = { send = { key = "7", msg = 1 }, assign = keys("7") }
      local op = perform(f, values[f], { reply })
      assert.equal(workloads.MALFORMED, op.error.name)
      assert.is_false(op.error.definite)
      assert.matches("expected {\"type\": \"%l+", op.error.text)
    end)
  end

  it("is told of a commit that is answered with something else", function()
    local op = perform("poll", nil,
      { shown({ ["7"] = json.array({ { 4, 1 } }) }), { type = "poll_ok" } })
    assert.matches('answered with type poll_ok; expected {"type": "commit_offsets_ok"}',
      op.error.text, 1, true)
  end)

  it("takes messages of any type", function()
    local op = perform("poll", nil, {
      shown({ ["7"] = array({ array({ 0, "a" }), array({ 1, json.null }), array({ 2, 1.5 }) }) }),
      COMMITTED,
    })
    assert.equal(3, #op.result["7"])
  end)
end)

describe("the load of workload kafka", function()
  local OPTS = { concurrency = 4, max_writes_per_key = 16 }

  local function generator(opts)
    return kafka.generator(setmetatable(opts or {}, { __index = OPTS }),
      randoms.stream(1, "workload"))
  end

  local function send(key, offset)
    return { f = "send", outcome = "ok", value = { key = key, msg = 1 }, result = offset }
  end

  local function poll(key, offset)
    return { f = "poll", outcome = "ok", result = { [key] = { { offset, 1 } } } }
  end

  -- Where a key takes no more, a send is drawn anew, and may become a poll.
  it("is sends and polls half and half, and one assign in 64", function()
    local generate, counts = generator(), { send = 0, poll = 0, assign = 0, crash = 0 }
    for _ = 1, 64000 do
      local f = generate(nil, 1)
      counts[f] = counts[f] + 1
    end
    assert.is_true(math.abs(counts.assign - 1000) < 160, "assigns: " .. counts.assign)
    local drawn = counts.send * 17 // 16
    assert.is_true(math.abs(drawn - counts.poll) < 1000, "sends: " .. counts.send)
  end)

  it("sends 1, 2, 3, .. to each key, sixteen at most", function()
    local generate, last = generator(), {}
    for _ = 1, 5000 do
      local f, value = generate(nil, 1)
      if f == "send" then
        assert.equal((last[value.key] or 0) + 1, value.msg)
        assert.is_true(value.msg <= 16)
        last[value.key] = value.msg
      end
    end
    assert.equal(16, last["9"])
  end)

  it("has each client give up every 30 s", function()
    local generate, crashes = generator(), 0
    for ms = 0, 3600 * 1000, 10 do
      crashes = crashes + (generate(nil, ms * 1000) == "crash" and 1 or 0)
    end
    local expected = 4 * 3600 / 30
    assert.is_true(math.abs(crashes - expected) < 80, "crashes: " .. crashes)
  end)

  -- The keys of the next n assigns, each as "3 7 10".
  local function assigns(generate, n)
    local list = {}
    while #list < n do
      local f, value = generate(nil, 1)
      if f == "assign" then
        assert.is_true(json.is_array(value.keys))
        list[#list + 1] = table.concat(value.keys, " ")
      end
    end
    return list
  end

  local function count(list, pattern)
    local found = 0
    for _, text in ipairs(list) do
      found = found + (text:find(pattern) and 1 or 0)
    end
    return found
  end

  it("assigns one key, and at times all that were sent to and not polled", function()
    local generate, observe = generator()
    assert.equal(300, count(assigns(generate, 300), "^%d+$"))
    observe(send("100000", 3))
    observe(send("99999", 0))
    local list = assigns(generate, 300)
    local both = count(list, "^%d+ 99999 100000$")
    assert.equal(300, both + count(list, "^%d+$"))
    assert.is_true(math.abs(both - 100) < 40, "of 300: " .. both)
    observe(poll("100000", 2))
    assert.is_true(count(assigns(generate, 30), "100000") > 0)
    observe(poll("100000", 3))
    observe({ f = "poll", outcome = "info" })
    list = assigns(generate, 300)
    assert.equal(0, count(list, "100000"))
    assert.is_true(count(list, "^%d+ 99999$") > 0)
    observe(poll("99999", 0))
    assert.equal(30, count(assigns(generate, 30), "^%d+$"))
    observe(send("99999", 1))
    assert.is_true(count(assigns(generate, 30), "99999") > 0)
  end)

  describe("ends with polls of everything", function()
    local HISTORY = {
      { f = "send", outcome = "ok", value = { key = "10", msg = 1 }, result = 7 },
      { f = "send", outcome = "ok", value = { key = "10", msg = 2 }, result = 5 },
      { f = "send", outcome = "info", value = { key = "11", msg = 1 } },
      { f = "poll", outcome = "ok", result = { ["9"] = { { 3, 1 }, { 1, 2 } } } },
      { f = "poll", outcome = "fail" },
    }

    local function final(history)
      return kafka.final(OPTS, history, randoms.stream(1, "final"))
    end

    it("by each client until it was shown the end of each log", function()
      local generate, observe = final(HISTORY)
      for index = 0, 1 do
        local worker = { index = index }
        local function polled(msgs)
          observe({ f = "poll", outcome = "ok", worker = index, result = msgs })
        end
        assert.equal("crash", generate(worker))
        local f, value, wait = generate(worker)
        assert.equal("assign", f)
        assert.equal('["9","10"]', json.encode(value.keys))
        assert.is_true(value.seek_to_beginning)
        assert.is_nil(wait)
        f, value, wait = generate(worker)
        assert.equal("poll", f)
        assert.is_nil(value)
        assert.is_nil(wait)
        polled({ ["9"] = { { 1, 2 } }, ["10"] = { { 7, 1 } } })
        f, value, wait = generate(worker)
        assert.equal("poll", f)
        assert.is_nil(value)
        assert.is_true(wait >= 0 and wait < 0.4)
        observe({ f = "poll", outcome = "info", worker = index })
        assert.equal("poll", (generate(worker)))
        polled({ ["10"] = { { 7, 1 } }, ["77"] = { { 7, 1 } } })
        assert.equal("poll", (generate(worker)))
        polled({ ["9"] = { { 3, 1 } } })
        assert.is_nil((generate(worker)))
      end
    end)

    it("0.2 s apart on average", function()
      local generate = final(HISTORY)
      local worker, sum = { index = 0 }, 0
      for _ = 1, 3 do
        generate(worker)
      end
      for _ = 1, 1000 do
        sum = sum + select(3, generate(worker))
      end
      assert.is_true(math.abs(sum - 200) < 20, "sum: " .. sum)
    end)

    it("unless there was nothing", function()
      local generate = final({ { f = "poll", outcome = "ok", result = {} } })
      assert.is_nil((generate({ index = 0 })))
    end)
  end)
end)
