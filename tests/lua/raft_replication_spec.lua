-- Rules of leaders and followers, each with one real server among others that the test plays.

local lab = dofile("tests/lua/raft_lab.lua")
local json = require "hearsay.json"
local testing = require "hearsay.testing"

local function leader(count, args)
  local one = lab.start(count or 5, args)
  one:elect()
  one:take()
  return one
end

-- A client's change, whose answer is noted when it comes.
local function ask(one, body)
  local answer = {}
  one.nodes.cluster:client():request("n0", body, 5, function(reply, err)
    answer.reply, answer.err = reply, err
  end)
  one:run(0.05) -- until it was sent
  return answer
end

local function change(one, value)
  return ask(one, { type = "change", value = value })
end

local function confirm(one, id, match, number)
  one:tell(id, "raft_appended", { term = one:look().term, number = number or 1, match = match })
end

describe("a follower", function()
  it("takes entries where the one before agrees, and only there", function()
    local one = lab.start(3)
    assert.equal(2, one:append("n1", 1, 0, 0, lab.entries({ 1, false }, { 1, false })).match)
    local answer = one:append("n1", 1, 3, 1, lab.entries({ 1, false }))
    assert.is_nil(answer.match)
    assert.equal(3, answer.conflict)
    answer = one:append("n2", 2, 2, 2, lab.entries({ 2, false }))
    assert.is_nil(answer.match)
    assert.equal(1, answer.conflict) -- the first index of the term that is there
    assert.equal(2, one:look().last)
    assert.equal(3, one:append("n2", 2, 1, 1, lab.entries({ 2, false }, { 2, false })).match)
  end)

  it("keeps what a late message does not contradict", function()
    local one = lab.start(3)
    one:append("n1", 1, 0, 0, lab.entries({ 1, false }, { 1, false }, { 1, false }))
    assert.equal(1, one:append("n1", 1, 0, 0, lab.entries({ 1, false })).match)
    assert.equal(3, one:look().last)
  end)

  it("applies what is committed, as far as its log is known to agree", function()
    local one = lab.start(3)
    one:append("n1", 1, 0, 0, lab.entries({ 1, false }, { 1, lab.command(1, "a") },
      { 1, lab.command(2, "b") }))
    one:append("n2", 2, 1, 1, lab.entries({ 2, lab.command(3, "c") }), 9)
    assert.equal(2, one:look().commit)
    assert.same({ "c" }, one:look().list)

    one = lab.start(3)
    one:append("n1", 1, 0, 0, lab.entries({ 1, false }, { 1, lab.command(1, "a") }))
    one:append("n2", 2, 0, 0, lab.entries(), 2) -- nothing is said of what is behind
    assert.equal(0, one:look().commit)
    one:append("n2", 2, 1, 1, lab.entries(), 2)
    assert.equal(1, one:look().commit)
  end)

  it("takes a commit that comes before what it is about", function()
    local one = lab.start(3)
    one:append("n1", 1, 0, 0, lab.entries({ 1, false }))
    one:tell("n1", "raft_commit", { term = 1, commit = 2 })
    assert.equal(1, one:look().commit)
    one:append("n1", 1, 1, 1, lab.entries({ 1, lab.command(1, "a") }))
    assert.same({ "a" }, one:look().list)
  end)

  it("tells a leader whose term is over", function()
    local one = lab.start(3)
    one:append("n1", 5, 0, 0, lab.entries({ 5, false }))
    one:tell("n2", "raft_append", { term = 4, number = 1, prev_index = 0, prev_term = 0,
      entries = lab.entries({ 4, false }), commit = 0 })
    assert.same({ { type = "raft_newer", term = 5, to = "n2" } }, one:take())
    assert.equal("n1", one:look().leader)
  end)

  it("goes on with its state when a change cannot be applied", function()
    local one = lab.start(3)
    one:append("n1", 1, 0, 0, lab.entries({ 1, lab.command(1, "break") },
      { 1, lab.command(2, "refuse") }, { 1, lab.command(3, "a") }), 3)
    assert.same({ "a" }, one:look().list)
    assert.truthy(one.nodes:log("n0"):find("a change could not be applied", 1, true))
  end)
end)

describe("a leader", function()
  it("sends what comes within a window together, and does not wait for answers", function()
    local one = leader(5, { "window=0.02", "gather=0" })
    for i = 1, 3 do
      one:tell("n1", "raft_forward", { session = 1, floor = 1, read = 0,
        requests = lab.entries({ i, "v" .. i }) })
    end
    one:run(0.02)
    local appends = one:take("raft_append")
    assert.equal(4, #appends)
    assert.equal(3, #appends[1].entries)
    assert.equal(1, appends[1].prev_index)
    one:tell("n1", "raft_forward", { session = 1, floor = 1, read = 0,
      requests = lab.entries({ 4, "v4" }) })
    one:run(0.02)
    appends = one:take("raft_append")
    assert.equal(1, #appends[1].entries)
    assert.equal(4, appends[1].prev_index)
  end)

  it("commits what a majority has, tells who waits, and nobody else", function()
    local one = leader()
    one:tell("n1", "raft_forward", { session = 1, floor = 1, read = 0,
      requests = lab.entries({ 1, "a" }) })
    one:run(0.05)
    confirm(one, "n1", 2)
    one:take()
    assert.equal(0, one:look().commit)
    confirm(one, "n2", 2)
    assert.equal(2, one:look().commit)
    assert.same({ { type = "raft_commit", term = 1, commit = 2, to = "n1" } }, one:take())
    assert.same({ "a" }, one:look().list)
  end)

  -- Figure 8: an entry of an older term is at a majority, and may yet be overwritten.
  it("commits nothing of older terms until an entry of its own is at a majority", function()
    local one = lab.start(5)
    one:append("n1", 2, 0, 0, lab.entries({ 1, false }, { 2, lab.command(1, "a") }))
    one:take()
    one:elect()
    assert.equal(3, one:look().last)
    for _, id in ipairs({ "n1", "n2", "n3" }) do
      confirm(one, id, 2)
    end
    assert.equal(0, one:look().commit)
    confirm(one, "n1", 3)
    assert.equal(0, one:look().commit)
    confirm(one, "n2", 3)
    assert.equal(3, one:look().commit)
    assert.same({ "a" }, one:look().list)
  end)

  it("does not count answers of an older term, in which the log may have been another", function()
    local one = lab.start(5)
    one:append("n1", 1, 0, 0, lab.entries({ 1, false }))
    one:elect()
    for _, id in ipairs({ "n1", "n2", "n3" }) do
      one:tell(id, "raft_appended", { term = 1, number = 99, match = 2 })
    end
    assert.equal(0, one:look().commit)
  end)

  it("goes back where a log does not agree, once for all that was refused", function()
    local one = leader()
    change(one, "a")
    change(one, "b")
    local number = 0
    for _, body in ipairs(one:take("raft_append")) do
      number = math.max(number, body.number)
    end
    local term = one:look().term
    one:tell("n1", "raft_appended", { term = term, number = number, conflict = 1 })
    local repairs = one:take("raft_append")
    assert.equal(1, #repairs)
    assert.equal(0, repairs[1].prev_index)
    assert.equal(3, #repairs[1].entries)
    one:tell("n1", "raft_appended", { term = term, number = number - 1, conflict = 1 })
    assert.same({}, one:take("raft_append"))
    one:tell("n1", "raft_appended", { term = term, number = repairs[1].number, conflict = 1 })
    assert.equal(1, #one:take("raft_append"))
  end)

  it("never takes back what a follower has confirmed", function()
    local one = leader()
    change(one, "a")
    confirm(one, "n1", 2, 50)
    confirm(one, "n1", 1, 40) -- late
    one:take()
    one:tell("n1", "raft_appended", { term = one:look().term, number = 90, conflict = 1 })
    assert.equal(2, one:take("raft_append")[1].prev_index)
  end)

  it("sends a long log in parts", function()
    local one = leader(3, { "limit=200" })
    for i = 1, 5 do
      change(one, ("x"):rep(100) .. i)
    end
    one:take()
    one:tell("n1", "raft_appended", { term = 1, number = 99, conflict = 1 })
    local has, count = 0, 0
    while has < 6 do
      local part = assert(one:take("raft_append")[1])
      assert.equal(has, part.prev_index)
      assert(#json.encode(part.entries) <= 300)
      has, count = has + #part.entries, count + 1
      confirm(one, "n1", has, part.number)
    end
    assert(count > 2)
  end)

  it("says something every heartbeat, and nothing more", function()
    local one = leader(3, { "heartbeat=0.1" })
    for _ = 1, 10 do
      one:run(0.09)
      confirm(one, "n1", 1)
    end
    assert.is_true(#one:take("raft_append") <= 2 * 10)
    one:run(0.11)
    assert.is_true(#one:take("raft_append") >= 2)
  end)

  it("does a request once that was forwarded twice", function()
    local one = leader(3)
    for _ = 1, 2 do
      one:tell("n1", "raft_forward", { session = 1, floor = 1, read = 0,
        requests = lab.entries({ 1, "a" }) })
    end
    assert.equal(2, one:look().last)
    one:run(0.05)
    confirm(one, "n1", 2)
    one:tell("n1", "raft_forward", { session = 1, floor = 1, read = 0,
      requests = lab.entries({ 1, "a" }) })
    assert.equal(2, one:look().last)
    assert.same({ "a" }, one:look().list)
  end)
end)

describe("a read", function()
  local function read(one)
    return ask(one, { type = "read" })
  end

  local function last_number(one)
    local number
    for _, body in ipairs(one:take("raft_append")) do
      number = math.max(number or 0, body.number)
    end
    return assert(number, "there was no append")
  end

  it("waits until a majority has answered a later append, and for nothing in the log", function()
    local one = leader()
    local before = last_number((function() one:run(0.2) return one end)())
    confirm(one, "n1", 1, before)
    confirm(one, "n2", 1, before)
    assert.equal(1, one:look().commit)
    local answer = read(one)
    confirm(one, "n1", 1, before) -- they say nothing of now
    confirm(one, "n2", 1, before)
    assert.is_nil(answer.reply)
    local number = last_number(one)
    confirm(one, "n1", 1, number)
    assert.is_nil(answer.reply)
    confirm(one, "n2", 1, number)
    assert.same(json.array(), answer.reply.list)
    assert.equal(1, one:look().last)
  end)

  it("does not come before the first entry of a term is committed", function()
    local one = lab.start(5)
    one:append("n1", 1, 0, 0, lab.entries({ 1, lab.command(1, "a") }))
    one:elect()
    local answer = read(one)
    local number = last_number(one)
    for _, id in ipairs({ "n1", "n2" }) do
      one:tell(id, "raft_appended", { term = 2, number = number, conflict = 1 })
    end
    assert.is_nil(answer.reply)
    confirm(one, "n1", 2)
    confirm(one, "n2", 2)
    assert.same({ "a" }, answer.reply.list)
  end)

  it("of a follower waits for what the leader has committed", function()
    local one = lab.start(3)
    one:append("n1", 1, 0, 0, lab.entries({ 1, lab.command(1, "a") }))
    local answer = read(one)
    local forward = one:take("raft_forward")[1]
    assert.equal("n1", forward.to)
    assert.equal(1, forward.read)
    one:tell("n1", "raft_commit", { term = 1, commit = 0,
      read = { session = forward.session, read = 1, index = 1 } })
    assert.is_nil(answer.reply)
    one:tell("n1", "raft_commit", { term = 1, commit = 1 })
    assert.same({ "a" }, answer.reply.list)
  end)

  it("takes no confirmation of another read, or of another start of this server", function()
    local one = lab.start(3)
    one:append("n1", 1, 0, 0, lab.entries({ 1, false }), 1)
    local answer = read(one)
    local session = one:take("raft_forward")[1].session
    one:tell("n1", "raft_commit", { term = 1, commit = 1,
      read = { session = session, read = 0, index = 1 } })
    one:tell("n1", "raft_commit", { term = 1, commit = 1,
      read = { session = session - 1, read = 1, index = 1 } })
    assert.is_nil(answer.reply)
    one:tell("n1", "raft_commit", { term = 1, commit = 1,
      read = { session = session, read = 1, index = 1 } })
    assert.is_not_nil(answer.reply)
  end)
end)

describe("a request", function()
  it("surely did not happen where it was sent to nobody", function()
    local one = lab.start(3)
    local answer = change(one, "a")
    local read = ask(one, { type = "read" })
    one:run(1.2)
    assert.equal("temporarily_unavailable", answer.err.name)
    assert.equal("temporarily_unavailable", read.err.name)
  end)

  it("may have happened where it was sent", function()
    local one = lab.start(3)
    one:append("n1", 1, 0, 0)
    local answer = change(one, "a")
    local read = ask(one, { type = "read" })
    one:run(1.2)
    assert.equal("timeout", answer.err.name)
    assert.equal("temporarily_unavailable", read.err.name)
  end)

  it("goes to the leader again, at once to a new one, with its number", function()
    local one = lab.start(3, { "resend=0.2" })
    one:append("n1", 1, 0, 0)
    local answer = change(one, "a")
    local first = one:take("raft_forward")
    assert.equal(1, #first)
    one:run(0.3)
    local again = one:take("raft_forward")
    assert.is_true(#again >= 1)
    assert.same(first[1].requests, again[1].requests)
    one:tell("n2", "raft_append", { term = 2, number = 1, prev_index = 0, prev_term = 0,
      entries = lab.entries(), commit = 0 })
    local other = one:take("raft_forward")
    assert.equal("n2", other[1].to)
    assert.same(first[1].requests, other[1].requests)
    local command = lab.command(first[1].requests[1][1], "a",
      { origin = "n0", session = first[1].session })
    one:append("n2", 2, 0, 0, lab.entries({ 2, command }, { 2, command }), 2)
    assert.same({ type = "change_ok", place = 1, in_reply_to = answer.reply.in_reply_to },
      answer.reply)
    assert.same({ "a" }, one:look().list)
  end)

  it("that fails in its place says why", function()
    local one = lab.start(1)
    one:run(0.1)
    local _, err = one.nodes:ask("n0", { type = "change", value = "refuse" })
    assert.equal("abort", err.name)
    _, err = one.nodes:ask("n0", { type = "change", value = "break" })
    assert.equal("crash", err.name)
    assert.equal(1, one.nodes:ask("n0", { type = "change", value = "a" }).place)
  end)
end)

describe("a message", function()
  it("of somebody who is no server is refused", function()
    local one = lab.start(3)
    local _, err = one.nodes:ask("n0", { type = "raft_append", term = 9, number = 1, prev_index = 0,
      prev_term = 0, entries = lab.entries(), commit = 0 })
    assert.equal("malformed_request", err.name)
    assert.equal(0, one:look().term)
  end)

  it("of another form is refused", function()
    local one = lab.start(3)
    one:tell("n1", "raft_append", { term = 9, number = 1, prev_index = 0, prev_term = 0,
      entries = json.array({ 1 }), commit = 0 })
    one:tell("n1", "raft_append", { term = 9, number = 1, prev_index = 0, prev_term = 0,
      entries = lab.entries(), commit = 0, read = { session = 1 } })
    one:tell("n1", "raft_append", { term = -1, number = 1, prev_index = 0, prev_term = 0,
      entries = lab.entries(), commit = 0 })
    assert.equal(0, one:look().term)
    for _, body in ipairs(one:take("error")) do
      assert.equal(12, body.code)
      assert.truthy(body.text:find("expected", 1, true))
    end
  end)
end)

describe("raft.start", function()
  it("checks its options", function()
    for options, expected in pairs({
      ["windows = 1"] = "raft.start: unknown option windows; known are apply, deadline",
      ['window = "1"'] = "raft.start: window must be a number from 0, got string",
      ["window = -1"] = "raft.start: window must be a number from 0, got -1",
      ["durable = 1"] = "raft.start: durable must be a boolean, got number",
      ["apply = 1"] = "raft.start: apply must be a function, got number",
      ["load = false"] = "raft.start: load must be a function, got boolean",
      ["save = nil"] = "raft.start: save must be a function, got nil",
    }) do
      local _, message = pcall(testing.start, ([[
        local options = { apply = print, save = print, load = print }
        options.%s
        require("hearsay.raft").start(options)
      ]]):format(options))
      assert.truthy(tostring(message):find(expected, 1, true), message)
    end
  end)
end)
