-- Which messages carried which value: the field is found whatever its name, and nothing else is
-- taken for it.

local journals = dofile("tests/lua/journals.lua")
local json = require "hearsay.json"
local spread = require "sim.report.spread"

local array = json.array

local function sums(list)
  local out, sum = {}, 0
  for i, difference in ipairs(list) do
    sum = sum + difference
    out[i] = sum
  end
  return out
end

-- A journal of two servers and two clients; numbers and times of messages count up by themselves.
local function talk()
  local self = { journal = journals.new(), id = -1, time = 0 }
  function self.say(src, dest, body)
    self.id, self.time = self.id + 1, self.time + 1
    self.journal:send(self.id, self.time, src, dest, body)
    return self.id
  end
  function self.hear(id)
    self.time = self.time + 1
    self.journal:receive(id, self.time)
  end
  function self.tell(src, dest, body)
    local id = self.say(src, dest, body)
    self.hear(id)
    return id
  end
  function self.give(id, value)
    return self.tell("c1", id, { type = "broadcast", message = value })
  end
  -- A client reads at a node, which has these values.
  function self.read(id, values)
    self.tell("c2", id, { type = "read" })
    return self.tell(id, "c2", { type = "read_ok", messages = array(values) })
  end
  function self.find(room)
    local found = spread.read(self.journal:text(), { "n0", "n1" }, room)
    local carriers = {}
    for i, value in ipairs(found and found.values or {}) do
      carriers[value] = sums(found.carriers[i])
    end
    return found, carriers
  end
  return self
end

describe("what carries values", function()
  for name, body in pairs({
    ["a number"] = function(v) return { type = "t", some = v } end,
    ["an array"] = function(v) return { type = "t", some = array({ v }) } end,
    ["deep"] = function(v) return { type = "t", some = { n17 = array({ { at = v } }) } } end,
    ["arrays in an array"] = function(v)
      return { type = "t", some = array({ array({ "x", v }) }) }
    end,
  }) do
    it("is a field of any name: " .. name, function()
      local t = talk()
      local places = {}
      for value = 0, 9 do
        places[value] = { t.give("n0", value * 7), t.tell("n0", "n1", body(value * 7)) }
        t.read("n1", { value * 7 })
      end
      local found, carriers = t.find()
      assert.same({ name == "deep" and "t some n# at" or "t some" }, found.fields)
      assert.equal(10, found.total)
      for value = 0, 9 do
        assert.same(places[value], carriers[value * 7])
      end
    end)
  end

  it("is none that its sender could not know", function()
    local t = talk()
    for value = 0, 9 do
      t.give("n0", value)
      t.tell("n0", "n1", { type = "t", values = array({ value }), version = value + 1,
        msg_id = value })
    end
    assert.same({ "t values" }, t.find().fields)
  end)

  it("is none that reads speak against, though its sender knows what is in it", function()
    local t = talk()
    for value = 0, 9 do
      t.give("n0", value)
      t.tell("n0", "n1", { type = "digest", has = array({ value }) })
      t.read("n1", {})
    end
    local found, carriers = t.find()
    assert.same({}, found.fields)
    assert.equal(1, #carriers[4])
  end)

  it("may be missing in a read that was asked for before it came", function()
    local t, before = talk(), array({})
    for value = 0, 9 do
      t.give("n0", value)
      t.tell("c2", "n1", { type = "read" })
      t.tell("n0", "n1", { type = "t", some = value })
      t.tell("n1", "c2", { type = "read_ok", messages = before })
      before[#before + 1] = value
    end
    assert.same({ "t some" }, t.find().fields)
  end)

  it("may be missing in a read of a node that was started again", function()
    local t = talk()
    for value = 0, 9 do
      t.give("n0", value)
      t.tell("n0", "n1", { type = "t", some = value })
      t.tell("c3", "n1", { type = "init", node_id = "n1", node_ids = array({ "n0", "n1" }) })
      t.read("n1", {})
    end
    assert.same({ "t some" }, t.find().fields)
  end)

  it("is none that brings next to nothing, beside one that brings the values", function()
    local t = talk()
    for value = 0, 199 do
      t.give("n0", value)
      if value == 0 then -- a counter that is 0 for long, and comes before the value 0
        t.tell("n0", "n1", { type = "t", from = 0 })
      end
      t.tell("n0", "n1", { type = "t", values = array({ value }) })
    end
    assert.same({ "t values" }, t.find().fields)
  end)

  it("is the longer list where two fields of a message have the same", function()
    local t = talk()
    for value = 0, 9 do
      t.give("n0", 2 * value)
      t.give("n0", 2 * value + 1)
      t.tell("n0", "n1", { type = "t", a = 2 * value, z = array({ 2 * value, 2 * value + 1 }) })
    end
    assert.same({ "t z" }, t.find().fields)
  end)

  it("is told of the fields of real nodes", function()
    local FIELDS = {
      ["broadcast_3b.lua"] = { "flood value" },
      ["broadcast_3e.lua"] = { "hub_down values", "hub_up values" },
      ["variants/broadcast_flood_grid.lua"] = { "flood value" },
      ["variants/broadcast_plumtree.lua"] = { "plum_values list" },
      ["variants/broadcast_anti_entropy.lua"] = { "anti_entropy values" },
      ["variants/broadcast_push_pull.lua"] = { "push_pull values", "push_pull_reply values" },
      ["variants/broadcast_direct_backup.lua"] = { "direct values" },
    }
    for script, fields in pairs(FIELDS) do
      local text, servers = journals.of_run({ "--bin", "challenges/" .. script, "--node-count", "9",
        "--rate", "50", "--time-limit", "8", "--latency", "50" })
      local found = spread.read(text, servers)
      assert.same(fields, found.fields, script)
      assert.equal(found.total, #found.values)
    end
  end)
end)

describe("who learned a value", function()
  it("is shown by lost and by needless messages too", function()
    local t = talk()
    local given = t.give("n0", 5)
    local lost = t.say("n0", "n1", { type = "t", some = 5 })
    local taught = t.tell("n0", "n1", { type = "t", some = 5 })
    local back = t.tell("n1", "n0", { type = "t", some = 5 })
    local _, carriers = t.find()
    assert.same({ given, lost, taught, back }, carriers[5])
  end)

  it("is shown by a read, where no message carried it", function()
    local t = talk()
    local given = t.give("n0", 5)
    t.tell("n0", "n1", { type = "t", range = "5-5" })
    local shown = t.read("n1", { 5 })
    t.read("n1", { 5 })
    local found, carriers = t.find()
    assert.same({ given, shown }, carriers[5])
    assert.same({}, found.fields)
  end)

  it("is told of sets that grow, too", function()
    local t = talk()
    local given = t.tell("c1", "n0", { type = "add", element = 5 })
    t.tell("c2", "n1", { type = "read" })
    local shown = t.tell("n1", "c2", { type = "read_ok", value = array({ 5 }) })
    local _, carriers = t.find()
    assert.same({ given, shown }, carriers[5])
  end)

  it("is not told where clients hand out no values", function()
    local t = talk()
    t.tell("c1", "n0", { type = "add", delta = 5 })
    t.tell("n0", "n1", { type = "t", some = 5 })
    assert.is_nil((t.find()))
  end)

  it("is in order with each read of a run under faults", function()
    local text, servers = journals.of_run({ "--bin", "challenges/broadcast_3e.lua", "--node-count",
      "9", "--rate", "50", "--time-limit", "10", "--latency", "50", "--nemesis", "partition",
      "--nemesis-interval", "2" })
    local found = spread.read(text, servers)
    local events, received, learned = {}, {}, {}
    for line in text:gmatch("[^\n]+") do
      local event = json.decode(line)
      if event.event == "send" then
        events[#events + 1] = event
      else
        received[event.id] = received[event.id] or event.time
      end
    end
    local is_server = {}
    for _, id in ipairs(servers) do
      is_server[id], learned[id] = true, {}
    end
    for i, value in ipairs(found.values) do
      for _, place in ipairs(sums(found.carriers[i])) do
        local event = events[place + 1]
        local src, dest = event.message.src, event.message.dest
        local id = is_server[dest] and dest or src
        local at = is_server[dest] and received[event.id] or not is_server[dest] and event.time
        learned[id][value] = math.min(learned[id][value] or math.huge, at or math.huge)
      end
    end
    local count = 0
    for _, event in ipairs(events) do
      if event.message.body.type == "read_ok" then
        local id, has = event.message.src, {}
        for _, value in ipairs(event.message.body.messages) do
          has[value] = true
          assert(learned[id][value] <= event.time)
          count = count + 1
        end
        for value, at in pairs(learned[id]) do
          assert(has[value] or at >= event.time, "what a node learned it has when it is read")
        end
      end
    end
    assert(count > 1000)
  end)

  it("is told of fewer values and messages when there are too many", function()
    local t = talk()
    for value = 0, 999 do
      t.give("n0", value)
      t.tell("n0", "n1", { type = "t", some = value })
      t.tell("n1", "n0", { type = "t", some = value })
    end
    local found, carriers = t.find(1200)
    assert.equal(1000, found.total)
    assert(#found.values <= 600 and #found.values > 400)
    local sum, short = 0, 0
    for _, list in pairs(carriers) do
      sum = sum + #list
      short = short + (#list == 2 and 1 or 0)
    end
    assert(sum <= 1200)
    assert.equal(short, #found.firsts_only)
    assert(short > 0 and short < #found.values)
  end)
end)
