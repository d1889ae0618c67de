-- What the specs of kafka scripts share.
--
--     local kafka_lab = dofile("tests/sim/kafka_lab.lua")
--     kafka_lab.refuses_what_is_malformed("challenges/kafka_5a.lua", 1)

local assert = require "luassert"
local json = require "hearsay.json"
local testing = require "hearsay.testing"

local kafka_lab = {}

-- What a node shows of all keys, and what is committed, as text.
local function state(nodes, id)
  local msgs = assert(nodes:ask(id, { type = "poll", offsets = { a = 0, b = 0 } })).msgs
  local listed = assert(nodes:ask(id, { type = "list_committed_offsets",
    keys = json.array({ "a", "b" }) })).offsets
  return json.encode({ msgs = msgs, listed = listed }, true)
end

local function array(...)
  return json.array({ ... })
end

-- Checks that requests which are not as they should be get error 12, with a text that says what was
-- expected, and change nothing.
function kafka_lab.refuses_what_is_malformed(script, node_count, args)
  local nodes = testing.start(script, { nodes = node_count, args = args })
  local id = nodes.ids[1]
  assert(nodes:ask(id, { type = "send", key = "a", msg = 1 }))
  assert(nodes:ask(id, { type = "commit_offsets", offsets = { a = 0 } }))
  nodes:run(2)
  local before = state(nodes, id)
  for _, bad in ipairs({
    { "send", { msg = 1 } },
    { "send", { key = 1, msg = 1 } },
    { "send", { key = "a" } },
    { "poll", {} },
    { "poll", { offsets = array(1) } },
    { "poll", { offsets = { a = 0, b = 0.5 } } },
    { "poll", { offsets = { a = "0" } } },
    { "poll", { offsets = { a = -1 } } },
    { "poll", { offsets = { a = json.null } } },
    { "poll", { offsets = { a = ("\u{20ac}"):rep(50) } } },
    { "commit_offsets", {} },
    { "commit_offsets", { offsets = 7 } },
    { "commit_offsets", { offsets = { a = 5, b = "x" } } },
    { "commit_offsets", { offsets = { a = 5, b = 1.0 } } },
    { "commit_offsets", { offsets = { a = 5, b = -2 } } },
    { "list_committed_offsets", {} },
    { "list_committed_offsets", { keys = { a = "a" } } },
    { "list_committed_offsets", { keys = array("a", 5) } },
  }) do
    local body = bad[2]
    local text = bad[1] .. " " .. json.encode(body)
    body.type = bad[1]
    local reply, err = nodes:ask(id, body)
    assert(not reply, text)
    assert.equal(12, err.code, text .. ": " .. err.text)
    assert.matches("expected", err.text, 1, true)
  end
  nodes:run(2)
  assert.equal(before, state(nodes, id))
end

-- Checks that committed offsets grow and do not go back, each key alone, and that all nodes list
-- them within two seconds.
function kafka_lab.commits_grow(script, node_count)
  local nodes = testing.start(script, { nodes = node_count })
  nodes:run(1)
  local function commit(id, offsets)
    assert(nodes:ask(id, { type = "commit_offsets", offsets = offsets }))
    nodes:run(2)
  end
  commit(nodes.ids[1], { a = 5, b = 0 })
  commit(nodes.ids[#nodes.ids], { a = 3, b = 7 })
  commit(nodes.ids[1], { c = 1, b = 6 })
  for _, id in ipairs(nodes.ids) do
    assert.same({ a = 5, b = 7, c = 1 }, assert(nodes:ask(id, { type = "list_committed_offsets",
      keys = array("a", "b", "c", "d") })).offsets)
  end
end

-- The lag of polls in milliseconds, at a part of 0 to 1.
function kafka_lab.lag(run, part)
  return run.results.workload["realtime-lag"][part]
end

-- The part of the sends, polls and assigns that are ok.
function kafka_lab.available(run)
  local ok, count = 0, 0
  for _, op in ipairs(run.history) do
    if op.f ~= "crash" then
      count = count + 1
      ok = ok + (op.outcome == "ok" and 1 or 0)
    end
  end
  return ok / count
end

-- Sends "a" .. messages one after the other to a node; their offsets.
function kafka_lab.send(nodes, id, key, messages)
  local offsets = {}
  for i, message in ipairs(messages) do
    offsets[i] = assert(nodes:ask(id, { type = "send", key = key, msg = message })).offset
  end
  return offsets
end

-- What a poll shows of a key: the messages, and their offsets.
function kafka_lab.poll(nodes, id, key, from)
  local reply = assert(nodes:ask(id, { type = "poll", offsets = { [key] = from or 0 } }))
  local messages, offsets = {}, {}
  for i, pair in ipairs(reply.msgs[key]) do
    offsets[i], messages[i] = pair[1], pair[2]
  end
  return messages, offsets
end

return kafka_lab
