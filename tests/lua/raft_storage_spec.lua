-- What a Raft server knows after a kill, and snapshots.

local lab = dofile("tests/lua/raft_lab.lua")
local json = require "hearsay.json"
local testing = require "hearsay.testing"

local DURABLE = { "durable=true" }

describe("a server that was killed", function()
  it("knows its vote", function()
    local one = lab.start(3, DURABLE)
    assert.is_true(one:vote("n1", 3, 0, 0).is_granted)
    one:restart()
    assert.equal(3, one:look().term)
    assert.equal("n1", one:look().vote)
    assert.is_false(one:vote("n2", 3, 0, 0).is_granted)
  end)

  it("knows its own vote before anybody is asked for another", function()
    local one = lab.start(3, DURABLE, { sync_time = 30 })
    one:run(0.001)
    one:tell("n1", "raft_voted", { term = 0, asked = 1, is_trial = true, is_granted = true })
    one:take()
    one:run(0.02)
    assert.same({}, one:take("raft_vote"))
    one:run(0.04)
    local asked = one:take("raft_vote")
    assert.same({ 2, false }, { #asked, asked[1].is_trial })
    one:restart()
    assert.equal("n0", one:look().vote)
  end)

  it("knows what it has confirmed", function()
    for seed = 1, 20 do
      local one = lab.start(3, DURABLE, { seed = seed })
      one:append("n1", 1, 0, 0, lab.entries({ 1, false }, { 1, lab.command(1, "a") }))
      one:append("n2", 2, 1, 1, lab.entries({ 2, lab.command(2, "b") }, { 2, false }))
      one:restart()
      assert.equal(4 - 1, one:look().last)
      assert.equal(2, one:look().term)
      assert.same(json.array(), one:look().list) -- until it hears what is committed
      one:append("n2", 2, 3, 2, lab.entries(), 3)
      assert.same({ "b" }, one:look().list)
    end
  end)

  it("confirms nothing before it is synced", function()
    local one = lab.start(3, DURABLE, { sync_time = 50 })
    one:take()
    one:tell("n1", "raft_append", { term = 1, number = 1, prev_index = 0, prev_term = 0,
      entries = lab.entries({ 1, false }), commit = 0 })
    one:tell("n1", "raft_vote", { term = 2, last_index = 9, last_term = 1, is_trial = false })
    assert.same({}, one:take())
    one:run(0.2)
    local answers = one:take()
    assert.same({ "raft_appended", 1 }, { answers[1].type, answers[1].term })
    assert.same({ "raft_voted", 2 }, { answers[2].type, answers[2].term })
  end)

  it("does not count itself before it is synced, as a leader", function()
    local one = lab.start(3, DURABLE, { sync_time = 50 })
    one:run(0.06)
    one:tell("n1", "raft_voted", { term = 0, asked = 1, is_trial = true, is_granted = true })
    one:run(0.06)
    one:tell("n1", "raft_voted", { term = 1, asked = 1, is_trial = false, is_granted = true })
    one:tell("n1", "raft_appended", { term = 1, number = 1, match = 1 })
    assert.equal("leader", one:look().role)
    assert.equal(0, one:look().commit)
    one:run(0.06)
    assert.equal(1, one:look().commit)
  end)

  it("begins another session", function()
    local one = lab.start(3, DURABLE)
    one:run(0.01)
    local before = one:look().session
    one:restart()
    one:run(0.01)
    assert.is_true(one:look().session > before)
  end)

  it("sends no request before its session is on disk", function()
    local one = lab.start(3, DURABLE, { sync_time = 100 })
    one:append("n1", 1, 0, 0)
    one.nodes.cluster:client():request("n0", { type = "change", value = "a" }, 5, print)
    one:run(0.05)
    assert.same({}, one:take("raft_forward"))
    one:run(0.2)
    assert.equal(1, #one:take("raft_forward"))  end)

  it("forgets all of it without a disk", function()
    local one = lab.start(3)
    one:vote("n1", 3, 0, 0)
    one:restart()
    assert.equal(0, one:look().term)
  end)
end)

describe("a snapshot", function()
  local function fill(one, from, count, term)
    local entries = json.array()
    for i = 1, count do
      entries[i] = json.array({ term, lab.command(from + i - 1, "v" .. from + i - 1) })
    end
    return one:append("n1", term, from - 1, from == 1 and 0 or term, entries, from + count - 1)
  end

  it("stands for the log, also after a kill", function()
    local one = lab.start(3, { "durable=true", "snapshot=10" })
    fill(one, 1, 25, 1)
    local look = one:look()
    assert.equal(25, #look.list)
    assert.equal(20, look.base) -- half as many as between two stay
    one:restart()
    local again = one:look()
    assert.equal(25, again.commit)
    assert.same(look.list, again.list)
    assert.equal(25, again.base)
    assert.equal(26, fill(one, 26, 1, 1).match)
    assert.equal(26, #one:look().list)
  end)

  it("takes the place of all that the disk had before", function()
    local one = lab.start(3, { "durable=true", "snapshot=10" })
    assert.is_true(one:vote("n1", 1, 0, 0).is_granted)
    one:restart()
    for from = 1, 301, 3 do
      fill(one, from, 3, 1)
    end
    fill(one, 304, 1, 1)
    assert(one:look().kept < 12, one:look().kept)
    local before = one:look()
    one:restart()
    one:run(0.01)
    local after = one:look()
    assert.same({ 1, "n1", 304 }, { after.term, after.vote, after.last })
    assert.equal(before.session + 1, after.session)
    one:append("n1", 1, 304, 1, lab.entries(), 304)
    assert.same(before.list, one:look().list)
  end)

  it("leaves on the disk what is behind it, which may be all that a majority has of it", function()
    local one = lab.start(3, { "durable=true", "snapshot=10" })
    local entries = json.array()
    for i = 1, 12 do
      entries[i] = json.array({ 1, lab.command(i, "v" .. i) })
    end
    assert.equal(12, one:append("n1", 1, 0, 0, entries, 10).match)
    assert(one:look().kept < 5) -- the snapshot is taken
    one:restart()
    assert.same({ 10, 12 }, { one:look().applied, one:look().last })
    one:append("n2", 2, 12, 1, lab.entries({ 2, false }), 13)
    assert.equal(12, #one:look().list)
  end)

  it("comes in parts, each confirmed, and takes the place of what is there", function()
    local one = lab.start(3, DURABLE)
    one:append("n1", 1, 0, 0, lab.entries({ 1, lab.command(1, "x") }, { 1, false }))
    local text = json.encode({ state = json.array({ "a", "b" }), sessions = {} })
    local function part(from, to, number)
      one:tell("n2", "raft_install", { term = 3, number = number, index = 9, last_term = 2,
        offset = from - 1, part = text:sub(from, to), total = #text })
      return one:take()[1]
    end
    local middle = #text // 2
    assert.equal(middle, part(1, middle, 1).size)
    assert.equal(middle, part(1, middle, 2).size) -- it came twice
    assert.equal(middle, part(middle + 2, #text, 3).size) -- one is missing
    assert.same({ type = "raft_appended", term = 3, number = 4, match = 9, to = "n2" },
      part(middle + 1, #text, 4))
    local look = one:look()
    assert.same({ "a", "b" }, look.list)
    assert.same({ 9, 9, 9 }, { look.commit, look.last, look.base })
    one:restart()
    assert.same({ "a", "b" }, one:look().list)
    assert.equal(10, one:append("n2", 3, 9, 2, lab.entries({ 3, lab.command(5, "c") }), 10).match)
    assert.same({ "a", "b", "c" }, one:look().list)
  end)

  it("answers changes whose results are in it", function()
    local one = lab.start(3)
    one:append("n1", 1, 0, 0)
    local reply
    one.nodes.cluster:client():request("n0", { type = "change", value = "a" }, 5, function(body)
      reply = body
    end)
    one:run(0.05)
    local forward = one:take("raft_forward")[1]
    local text = json.encode({ state = json.array({ "a" }), sessions = { n0 = {
      session = forward.session, floor = 1,
      done = json.array({ json.array({ 1, { type = "change_ok", place = 1 } }) }) } } })
    one:tell("n1", "raft_install", { term = 1, number = 1, index = 5, last_term = 1, offset = 0,
      part = text, total = #text })
    assert.equal(1, reply.place)
  end)

  it("goes to one that lacks what is forgotten, in parts, again where one is lost", function()
    local one = lab.start(3, { "snapshot=10", "limit=60" })
    one:elect()
    for i = 1, 30 do
      one:tell("n1", "raft_forward", { session = 1, floor = i, read = 0,
        requests = lab.entries({ i, "v" .. i }) })
      one:run(0.02)
      one:tell("n1", "raft_appended", { term = 1, number = i, match = i + 1 })
    end
    assert.is_true(one:look().base > 10)
    one:take()
    one:tell("n2", "raft_appended", { term = 1, number = 999, conflict = 1 })
    local text, size, lost, looks = "", 0, 0, 0
    for _ = 1, 1000 do
      looks = looks + 1
      for _, body in ipairs(one:take("raft_install")) do
        if body.to == "n2" and body.offset == size and body.part ~= "" then
          assert(#body.part <= 60)
          lost = lost + 1
          if lost % 3 ~= 0 then
            text, size = text .. body.part, size + #body.part
          end
          one:tell("n2", "raft_installed", { term = 1, number = body.number, index = body.index,
            size = size })
        end
      end
      one:tell("n1", "raft_appended", { term = 1, number = 1, match = 31 }) -- it still leads
      one:run(0.05)
      if json.decode(text) then
        break
      end
    end
    local saved = assert(json.decode(text))
    assert.equal("v1", saved.state[1])
    assert.is_true(#saved.state >= 20)
    assert(looks < 4 * lost, looks) -- one goes out as soon as the one before is there
  end)

  it("brings back one that was away for long", function()
    for seed = 1, 5 do
      local nodes = testing.start(lab.SCRIPT, { nodes = 3, seed = seed, latency = 5,
        latency_dist = "exponential", args = { "snapshot=20", "limit=100", "durable=true" } })
      nodes:run(2)
      nodes:isolate("n2")
      for i = 1, 90 do
        assert(nodes:ask("n" .. i % 2, { type = "change", value = i }))
      end
      nodes:heal()
      nodes:eventually(5, function()
        return #nodes:ask("n2", { type = "look" }).list == 90
      end)
      nodes:restart("n2")
      assert.equal(90, #nodes:ask("n2", { type = "read" }).list)
    end
  end)
end)
