-- The messages of a run as the report's page gets them: nothing is lost on the way into columns,
-- and a damaged journal is refused with the line that is wrong.

local json = require "hearsay.json"
local journal = require "sim.report.journal"
local journals = dofile("tests/lua/journals.lua")
local messages = require "sim.report.messages"

-- Reads a journal; nodes that are no servers are numbered as they come.
local function read(text, servers, start_us)
  local number, nodes = {}, {}
  local function place(id)
    if not number[id] then
      nodes[#nodes + 1] = id
      number[id] = #nodes - 1
    end
    return number[id]
  end
  for _, id in ipairs(servers) do
    place(id)
  end
  local columns, types = messages.columns({ journal = text, opts = { nodes = servers },
    results = { ["start-us"] = start_us or 0 } }, place)
  return columns, types, nodes
end

-- What the page makes of differences, see page/base.js.
local function sums(list)
  local out, sum = {}, 0
  for i, difference in ipairs(list) do
    sum = sum + difference
    out[i] = sum
  end
  return out
end

-- The messages again, from the columns: {src, dest, type, sent, received}.
local function unpack_columns(columns, types, nodes)
  local list, sent, is_lost = {}, sums(columns.sent), {}
  for _, at in ipairs(sums(columns.lost)) do
    is_lost[at + 1] = true
  end
  for i = 1, columns.count do
    local route = columns.route[i] + 1
    list[i] = { src = nodes[columns.route_from[route] + 1],
      dest = nodes[columns.route_to[route] + 1], type = types[columns.route_type[route] + 1],
      sent = sent[i],
      received = not is_lost[i] and sent[i] + columns.route_latency[route] + columns.late[i]
        or nil }
  end
  return list
end

describe("the messages of a page", function()
  it("are the same in columns", function()
    local written = journals.new()
    written:send(7, 100, "n0", "n1", { type = "a" })
    written:send(8, 150, "n1", "n0", { type = "b" })
    written:receive(7, 160)
    written:send(12, 200, "n0", "n1", { type = "a" })
    written:receive(12, 290)
    written:receive(12, 300)
    written:send(13, 310, "c1", "n0", { type = "a" })
    written:receive(13, 310)
    local columns, types, nodes = read(written:text(), { "n0", "n1" }, 120)
    assert.same({
      { src = "n0", dest = "n1", type = "a", sent = -20, received = 40 },
      { src = "n1", dest = "n0", type = "b", sent = 30 },
      { src = "n0", dest = "n1", type = "a", sent = 80, received = 170 },
      { src = "c1", dest = "n0", type = "a", sent = 190, received = 190 },
    }, unpack_columns(columns, types, nodes))
    assert.same({ 2 }, sums(columns.twice))
    assert.equal(190, columns.end_us)
    assert.same({ "n0", "n1", "c1" }, nodes)
    assert.equal(3, #columns.route_from)
  end)

  it("are all there of a real run", function()
    local text, servers, start_us = journals.of_run({ "--bin", "challenges/broadcast_3e.lua",
      "--node-count", "9", "--rate", "40", "--time-limit", "8", "--latency", "20",
      "--latency-dist", "exponential", "--nemesis", "partition,duplicate",
      "--nemesis-interval", "2" })
    local expected, by_id, duplicates = {}, {}, {}
    for line in text:gmatch("[^\n]+") do
      local event = json.decode(line)
      if event.event == "send" then
        expected[#expected + 1] = { src = event.message.src, dest = event.message.dest,
          type = event.message.body.type, sent = event.time - start_us }
        by_id[event.id] = expected[#expected]
      elseif by_id[event.id].received then
        duplicates[event.id] = true
      else
        by_id[event.id].received = event.time - start_us
      end
    end
    local columns, types, nodes = read(text, servers, start_us)
    assert.same(expected, unpack_columns(columns, types, nodes))
    local count = 0
    for _ in pairs(duplicates) do
      count = count + 1
    end
    assert(count > 0)
    assert.equal(count, #columns.twice)
    assert(#columns.lost > 0)
    assert.equal(json.encode(columns, true), json.encode(read(text, servers, start_us), true))
  end)

  it("are the same when their journal is visited again", function()
    local text = journals.of_run({ "--bin", "challenges/broadcast_3b.lua", "--rate", "40",
      "--time-limit", "5", "--latency", "50", "--nemesis", "duplicate,loss",
      "--nemesis-interval", "2" })
    local function visits(visitor)
      local list = {}
      visitor(text, function(event, place)
        list[#list + 1] = { event.time, event.event, event.id, place, event.message.src,
          event.message.dest, json.encode(event.message.body, true) }
      end)
      return list
    end
    assert.same(visits(journal.each), visits(journal.again))
  end)

  it("are shown with what their bodies say, shortened", function()
    local written = journals.new()
    written:send(0, 0, "n0", "n1", { type = "t", z = 1, a = { 1, 2 }, long = ("é"):rep(200) })
    written:send(1, 0, "n0", "n1", { type = "t" })
    local heads = read(written:text(), { "n0", "n1" }).heads
    assert.equal('a [1,2], long "', heads[1]:sub(1, 15))
    assert.equal("…, z 1", heads[1]:sub(-8))
    assert(#heads[1] < 60 and utf8.len(heads[1]))
    assert.equal("", heads[2])
  end)

  it("say less where there are too many, those between servers last", function()
    local written, long = journals.new(), ("x"):rep(24)
    local body = { type = "t" }
    for i = 1, 6 do
      body["f" .. i] = long
    end
    for i = 1, 8000 do
      written:send(i, i, i % 2 == 0 and "n0" or "c1", "n1", body)
    end
    local heads = read(written:text(), { "n0", "n1" }).heads
    local bytes, full = 0, { [0] = 0, 0 }
    for i, head in ipairs(heads) do
      bytes = bytes + #head
      full[i % 2] = full[i % 2] + (head ~= "" and 1 or 0)
    end
    assert.equal(4000, full[0])
    assert(full[1] > 0 and full[1] < 4000)
    assert(bytes <= 1000000 and bytes > 990000)
  end)

  it("are none of an empty journal", function()
    local columns, types = read("", { "n0" })
    assert.equal(0, columns.count)
    assert.same({}, types)
    assert.is_nil(columns.spread)
    assert.equal("[]", json.encode(columns.route))
  end)
end)

describe("a damaged journal", function()
  local function line(event, id, time, body)
    return json.encode({ time = time, event = event, id = id,
      message = { src = "n0", dest = "n1", body = body or { type = "t" } } }, true) .. "\n"
  end
  local GOOD = line("send", 1, 10) .. line("recv", 1, 20)

  for name, case in pairs({
    ["that is not JSON"] = { GOOD .. "{\n", "line 3: not JSON" },
    ["that is cut off"] = { GOOD:sub(1, -2), "line 2: cut off" },
    ["that is cut off in a line"] = { GOOD:sub(1, -20), "line 2: " },
    ["without a body"] = { GOOD .. '{"time":30,"event":"send","id":2,"message":{"src":"n0",'
      .. '"dest":"n1"}}\n', "line 3: message: body: expected an object" },
    ["without a sender"] = { GOOD .. '{"time":30,"event":"send","id":2,"message":{"dest":"n1",'
      .. '"body":{"type":"t"}}}\n', "line 3: message: src: expected a text" },
    ["without a receiver"] = { GOOD .. '{"time":30,"event":"send","id":2,"message":{"src":"n1",'
      .. '"dest":1,"body":{"type":"t"}}}\n', "line 3: message: dest: expected a text" },
    ["with a body without a type"] = { GOOD .. line("send", 2, 30, { text = 1 }),
      "line 3: message 2 has no type; expected a text" },
    ["with a type that is no text"] = { GOOD .. line("send", 2, 30, { type = 4 }),
      "line 3: message 2 has no type; expected a text" },
    ["with another event"] = { GOOD .. line("lost", 2, 30),
      "line 3: event: expected send or recv" },
    ["with a message that is sent twice"] = { GOOD .. line("send", 1, 30),
      "line 3: message 1 is sent a second time" },
    ["with a message that nobody sent"] = { GOOD .. line("recv", 2, 30),
      "line 3: message 2 is received, but was not sent before" },
    ["in which time runs back"] = { GOOD .. line("send", 2, 19), "line 3: time" },
    ["of which the first fault counts"] = { GOOD .. line("recv", 2, 30) .. line("recv", 3, 30)
      .. "{\n",
      "line 3: message 2 is received" },
  }) do
    it(name .. " is refused", function()
      local columns, why = read(case[1], { "n0", "n1" })
      assert.is_nil(columns)
      assert.equal("messages.jsonl, " .. case[2], why:sub(1, #"messages.jsonl, " + #case[2]))
    end)
  end
end)
