-- Rules of elections, each with one real server among others that the test plays.

local lab = dofile("tests/lua/raft_lab.lua")
local testing = require "hearsay.testing"

local ELECTION = 0.5 -- the default

describe("a server that hears no leader", function()
  it("asks whether it would be elected, and changes nothing before", function()
    local one = lab.start(5)
    one:run(0.001) -- the first of all does so at once, as there was no leader yet
    local asked = one:take("raft_vote")
    assert.equal(4, #asked)
    for _, body in ipairs(asked) do
      assert.same({ type = "raft_vote", term = 1, is_trial = true, last_index = 0, last_term = 0,
        to = body.to }, body)
    end
    assert.equal(0, one:look().term)
    one:run(5)
    assert.equal(0, one:look().term)
    for _, body in ipairs(one:take("raft_vote")) do
      assert.is_true(body.is_trial)
    end
  end)

  it("waits a time-out for a leader, at most one and a half", function()
    for seed = 1, 20 do
      local one = lab.start(3, nil, { seed = seed })
      one:append("n1", 1, 0, 0)
      one:take()
      one:run(ELECTION - 0.01)
      assert.equal(0, #one:take("raft_vote"))
      one:run(ELECTION / 2 + 0.01)
      assert.is_true(#one:take("raft_vote") > 0)
    end
  end)

  it("stands when a majority would elect it, and leads when that does", function()
    local one = lab.start(5)
    one:run(0.001)
    one:take()
    local function say(id, is_trial, is_granted)
      one:tell(id, "raft_voted", { term = is_trial and 0 or 1, asked = 1, is_trial = is_trial,
        is_granted = is_granted })
    end
    say("n1", true, true)
    say("n1", true, true) -- counts once
    say("n2", true, false)
    assert.equal(0, #one:take("raft_vote"))
    say("n3", true, true)
    local asked = one:take("raft_vote")
    assert.equal(4, #asked)
    assert.is_false(asked[1].is_trial)
    assert.equal("candidate", one:look().role)
    assert.equal("n0", one:look().vote)
    say("n1", true, true) -- what it would have done is no vote
    say("n2", true, true)
    say("n1", false, true)
    assert.equal("candidate", one:look().role)
    say("n4", false, true)
    assert.equal("leader", one:look().role)
    assert.equal(1, one:look().last) -- the entry of its term
    assert.equal(4, #one:take("raft_append"))
  end)

  it("goes on as a follower when another leads in its term", function()
    local one = lab.start(5)
    one:run(0.001)
    one:tell("n1", "raft_voted", { term = 0, asked = 1, is_trial = true, is_granted = true })
    one:tell("n2", "raft_voted", { term = 0, asked = 1, is_trial = true, is_granted = true })
    assert.equal("candidate", one:look().role)
    one:append("n3", 1, 0, 0)
    assert.equal("follower", one:look().role)
    assert.equal("n3", one:look().leader)
    for _, id in ipairs({ "n1", "n2" }) do -- votes that come too late
      one:tell(id, "raft_voted", { term = 1, asked = 1, is_trial = false, is_granted = true })
    end
    assert.equal("follower", one:look().role)
  end)
end)

describe("a vote", function()
  local function voter()
    local one = lab.start(3)
    one:append("n1", 2, 0, 0, lab.entries({ 1, false }, { 2, false }))
    one:run(ELECTION)
    one:take()
    return one
  end

  it("goes to one candidate in a term", function()
    local one = voter()
    assert.is_true(one:vote("n1", 3, 2, 2).is_granted)
    assert.is_true(one:vote("n1", 3, 2, 2).is_granted) -- its question came twice
    assert.is_false(one:vote("n2", 3, 2, 2).is_granted)
    assert.is_true(one:vote("n2", 4, 2, 2).is_granted)
  end)

  it("does not go to a term that is over", function()
    local one = voter()
    local answer = one:vote("n1", 1, 9, 1)
    assert.is_false(answer.is_granted)
    assert.equal(2, answer.term)
  end)

  it("does not go to one whose log lacks what is here", function()
    local one = voter()
    assert.is_false(one:vote("n1", 3, 1, 2).is_granted)
    assert.is_false(one:vote("n1", 4, 9, 1).is_granted)
    assert.equal(4, one:look().term) -- but its term counts
    assert.is_true(one:vote("n1", 5, 2, 2).is_granted)
  end)

  it("is not promised while a leader is heard, and changes no term", function()
    local one = voter()
    one:append("n1", 2, 2, 2)
    assert.is_false(one:vote("n2", 3, 9, 2, true).is_granted)
    one:run(ELECTION)
    assert.is_true(one:vote("n2", 3, 9, 2, true).is_granted)
    assert.equal(2, one:look().term)
    assert.is_nil(one:look().vote)
  end)

  it("that is promised gives the other the time to be elected", function()
    for seed = 1, 20 do
      local one = lab.start(3, nil, { seed = seed })
      one:append("n1", 1, 0, 0)
      one:run(0.98 * ELECTION)
      assert.is_true(one:vote("n2", 2, 0, 0, true).is_granted)
      one:run(0.18 * ELECTION)
      assert.same({}, one:take("raft_vote"))
    end
  end)

  it("is not promised by a leader", function()
    local one = lab.start(3)
    one:elect()
    assert.is_false(one:vote("n2", 9, 9, 9, true).is_granted)
    assert.equal("leader", one:look().role)
  end)
end)

describe("a leader", function()
  it("steps down when it hears no majority for a time-out", function()
    local one = lab.start(5)
    one:elect()
    for _ = 1, 10 do
      one:run(ELECTION / 4)
      for _, id in ipairs({ "n1", "n2" }) do
        one:tell(id, "raft_appended", { term = 1, number = 1, match = 1 })
      end
    end
    assert.equal("leader", one:look().role)
    for _ = 1, 10 do
      one:run(ELECTION / 4)
      one:tell("n1", "raft_appended", { term = 1, number = 1, match = 1 })
    end
    assert.equal("follower", one:look().role)
    assert.is_nil(one:look().leader)
  end)

  it("steps down for a newer term, however it hears of it", function()
    for name, fields in pairs({ -- each in a world of its own
      raft_newer = { term = 7 },
      raft_appended = { term = 7, number = 1, match = 1 },
      raft_append = { term = 7, number = 1, prev_index = 0, prev_term = 0, entries = lab.entries(),
        commit = 0 },
      raft_vote = { term = 7, last_index = 0, last_term = 0, is_trial = false },
    }) do
      local one = lab.start(3)
      one:elect()
      one:tell("n1", name, fields)
      assert.equal("follower", one:look().role, name)
      assert.equal(7, one:look().term, name)
    end
  end)
end)

describe("a group", function()
  local function leader_of(nodes)
    local leader, term = nil, -1
    for _, id in ipairs(nodes.ids) do
      local look = nodes.world:is_running(id) and nodes:ask(id, { type = "look" }, 1)
      if look and look.role == "leader" and look.term > term then
        leader, term = id, look.term
      end
    end
    return leader, term
  end

  local function start(seed, latency)
    local nodes = testing.start(lab.SCRIPT, { nodes = 5, seed = seed, latency = latency,
      latency_dist = "exponential", args = { "deadline=4", "election=" .. ELECTION } })
    nodes:run(3)
    return nodes
  end

  -- From the loss on until a change is done that a client asks for at once.
  it("answers again within two election time-outs after its leader was lost", function()
    for seed = 1, 60 do
      local nodes = start(seed, 10)
      local leader = assert(leader_of(nodes))
      local other = leader == "n0" and "n1" or "n0"
      assert(nodes:ask(other, { type = "change", value = 1 }))
      if seed % 2 == 0 then
        nodes:kill(leader)
      else
        nodes:isolate(leader)
      end
      local before = nodes:now()
      assert(nodes:ask(other, { type = "change", value = 2 }))
      local took = nodes:now() - before
      assert(took <= 2 * ELECTION, ("seed %d: it took %g s"):format(seed, took))
    end
  end)

  it("keeps its leader when one comes back that was cut off", function()
    for seed = 1, 10 do
      local nodes = start(seed, 5)
      local leader, term = leader_of(nodes)
      local away = leader == "n4" and "n3" or "n4"
      nodes:isolate(away)
      nodes:run(10)
      nodes:heal()
      nodes:run(2)
      assert.same({ leader, term }, { leader_of(nodes) })
      assert.equal(leader, nodes:ask(away, { type = "look" }).leader)
    end
  end)

  it("goes on when its leader can send and hears nothing", function()
    for seed = 1, 10 do
      local nodes = start(seed, 5)
      local leader = leader_of(nodes)
      for _, id in ipairs(nodes.ids) do
        if id ~= leader then
          nodes.world:cut(leader, id)
        end
      end
      nodes:run(4 * ELECTION)
      local other = leader == "n0" and "n1" or "n0"
      assert(nodes:ask(other, { type = "change", value = 2 }))
      assert.not_equal(leader, (leader_of(nodes)))
    end
  end)
end)
