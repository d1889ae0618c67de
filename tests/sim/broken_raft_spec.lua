-- Rafts that are wrong, each in one thing that they do: the files raft_*.lua of tests/sim/broken,
-- put in front of a node. Stale reads are found under random partitions. The other two are wrong
-- for the time of a message only, in an election; so what happens to the nodes is written down, and
-- only latencies and time-outs are random. Each is found within some seeds, and a right Raft never
-- fails.

local bench = dofile("tests/sim/bench.lua")
local testing = require "hearsay.testing"

local SEEDS = 30
local FIXTURE, LIN_KV = "tests/lua/fixtures/raft.lua", "challenges/lin_kv.lua"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a"):gsub("^#![^\n]*\n", "")
  file:close()
  return text
end

-- Calls a function with the path of a script that has what is wrong in front; nothing is for `nil`.
local function with_script(wrong, script, fn)
  local name = os.tmpname()
  local path = name .. ".lua"
  local file = assert(io.open(path, "w"))
  file:write(wrong and "do " .. read(("tests/sim/broken/%s.lua"):format(wrong)) .. " end " or "",
    read(script))
  file:close()
  local ok, result = pcall(fn, path)
  os.remove(path)
  os.remove(name)
  assert(ok, result)
  return result
end

local function look(nodes, id)
  return assert(nodes:ask(id, { type = "look" }))
end

local function start(path, seed, count)
  return testing.start(path, { nodes = count, seed = seed, latency = 10,
    latency_dist = "exponential", args = { "durable=true", "deadline=3" } })
end

-- The leader of the newest term among some nodes, as soon as there is one that is not older than
-- a term; nil if there is none in time.
local function leader(nodes, ids, term)
  local found
  pcall(function()
    nodes:eventually(5, function()
      for _, id in ipairs(ids) do
        local state = look(nodes, id)
        if state.role == "leader" and state.term >= term then
          found, term = id, state.term
        end
      end
      return found
    end)
  end)
  return found, term
end

-- Asks for a change and does not wait.
local function tell(nodes, id, value)
  nodes.cluster:client():request(id, { type = "change", value = value }, 5, function() end)
end

local function has(list, value)
  for _, v in ipairs(list) do
    if v == value then
      return true
    end
  end
  return false
end

-- Whether a read shows a value, of the first node that answers.
local function is_shown(nodes, ids, value)
  for i = 1, 10 * #ids do
    local reply = nodes:ask(ids[i % #ids + 1], { type = "read" })
    if reply then
      return has(reply.list, value)
    end
  end
  error("nobody answers")
end

-- The next that asks whether it would be elected.
local function next_to_ask(nodes)
  for _ = 1, 5000 do
    nodes:run(0.0005)
    for _, message in ipairs(nodes:sent()) do
      if message.body.type == "raft_vote" and message.body.is_trial then
        return message.src
      end
    end
  end
  error("nobody asks for votes")
end

-- A leader is restarted, so there is none. One of the others asks whether it would be elected, and
-- stands still before it hears that it would. The other is elected with the vote of the one that
-- was restarted, which is then restarted again; and the first goes on, and asks for its vote in the
-- same term. Returns whether all nodes have the same in the end.
local function vote_twice(path, seed)
  local nodes = start(path, seed, 3)
  local voter = leader(nodes, nodes.ids, 1)
  nodes:run(0.3)
  nodes:restart(voter)
  nodes:sent()
  local slow, fast = next_to_ask(nodes), nil
  if slow == voter then
    return true
  end
  nodes:pause(slow)
  for _, id in ipairs(nodes.ids) do
    fast = id ~= slow and id ~= voter and id or fast
  end
  for _ = 1, 1000 do
    nodes:run(0.002)
    if look(nodes, voter).vote == fast then
      break
    end
  end
  nodes:run(0.003) -- its vote is on disk, and sent
  for _, id in ipairs({ voter, slow }) do
    nodes.world:cut(id, fast) -- who does not hear that it leads
  end
  nodes:restart(voter)
  nodes:run(0.1)
  tell(nodes, fast, "mine")
  nodes:resume(slow)
  nodes:run(0.2)
  nodes:ask(slow, { type = "change", value = "yours" })
  nodes:heal()
  nodes:run(5)
  local lists = {}
  for i, id in ipairs(nodes.ids) do
    assert(nodes:ask(id, { type = "read" }))
    lists[i] = table.concat(look(nodes, id).list, " ")
  end
  return lists[1] == lists[2] and lists[2] == lists[3]
end

-- Figure 8. Returns whether what a read has shown is there in the end.
local function figure_8(path, seed)
  local nodes = start(path, seed, 5)
  local first, term = leader(nodes, nodes.ids, 1)
  assert(nodes:ask(first, { type = "change", value = "begin" }))
  nodes:run(0.3)
  local others = {}
  for _, id in ipairs(nodes.ids) do
    others[#others + 1] = id ~= first and id or nil
  end
  local friend = table.remove(others, 1)
  -- (a) The leader gets an entry to one other, and both are gone.
  nodes:cut({ first }, others)
  tell(nodes, first, "x")
  nodes:run(0.3)
  nodes:kill(first)
  nodes:isolate(friend)
  -- (b) Another leads, and takes an entry that it tells nobody.
  local second
  second, term = leader(nodes, others, term + 1)
  if not second then
    return true
  end
  nodes:isolate(second)
  tell(nodes, second, "y")
  nodes:run(0.2)
  nodes:kill(second)
  -- (c) The two are back, and all but the second get their entry, in a new term.
  nodes:heal()
  nodes:start(first)
  local rest = { first, friend }
  for _, id in ipairs(others) do
    rest[#rest + 1] = id ~= second and id or nil
  end
  local third = leader(nodes, rest, term + 1)
  if not third then
    return true
  end
  local shown = is_shown(nodes, rest, "x")
  -- (d) That leader is gone, and the second is back.
  nodes:kill(third)
  nodes:start(second)
  nodes:run(4)
  nodes:start(third)
  nodes:run(2)
  return not shown or is_shown(nodes, nodes.ids, "x")
end

-- The first seed with which something is wrong.
local function find(wrong, script, holds)
  return with_script(wrong, script, function(path)
    for seed = 1, SEEDS do
      if not holds(path, seed) then
        return seed
      end
    end
  end)
end

local function linearizable(path, seed)
  local run = bench.run(path, "-w lin-kv --node-count 5 --concurrency 10 --rate 100 --latency 10 "
    .. "--time-limit 20 --nemesis partition --nemesis-interval 3 --seed " .. seed)
  return run.results.workload["valid?"] ~= false
end

describe("the bench finds a Raft that", function()
  for _, case in ipairs({
    { "raft_forgets_votes", "votes twice in a term after a restart", FIXTURE, vote_twice },
    { "raft_counts_old_terms", "commits entries of older terms", FIXTURE, figure_8 },
    { "raft_stale_reads", "answers reads though it may not lead any more", LIN_KV, linearizable },
  }) do
    local wrong, what, script, holds = table.unpack(case)

    it(what, function()
      assert(find(wrong, script, holds), "not within " .. SEEDS .. " seeds")
    end)

    it(("%s, and nothing where it does not"):format(what), function()
      assert.is_nil(find(nil, script, holds))
    end)
  end
end)
