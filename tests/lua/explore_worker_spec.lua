-- sim.explore_worker: what a thread of ./sim explore makes of a seed.

local json = require "hearsay.json"
local new_worker = require "sim.explore_worker"
local trial = require "sim.trial"

-- How some seeds go with a script, its path or its text, by outcome: how many, and their seeds.
local function explore(script, first, last, ...)
  local path, temporary = script, nil
  if script:find("\n") then
    temporary = os.tmpname()
    path = temporary .. ".lua"
    local file = assert(io.open(path, "w"))
    file:write('local node = require "hearsay"\n' .. script)
    file:close()
  end
  local args = { "--bin", path, "--time-limit=10", "--nemesis-interval=3", "--rate=20", ... }
  local given = { bin = path, ["time-limit"] = "10", ["nemesis-interval"] = "3", rate = "20" }
  for _, word in ipairs({ ... }) do
    given[word:match("^%-%-(.-)=")] = true
  end
  local worker = new_worker(json.encode({ args = json.array(args), given = given }))
  local counts, outcomes = { [true] = 0, [false] = 0, unknown = 0 }, {}
  for seed = first, last do
    local outcome = json.decode(worker(seed))
    counts[outcome.valid] = counts[outcome.valid] + 1
    outcomes[seed] = outcome
  end
  if temporary then
    os.remove(path)
    os.remove(temporary)
  end
  return counts, outcomes
end

local ECHO = "challenges/echo_1.lua"

describe("explore calls an echo that got no answer", function()
  for _, fault in ipairs({ "pause", "kill" }) do
    it("unknown where its node could not answer: " .. fault, function()
      local counts, outcomes = explore(ECHO, 1, 20, "--nemesis=" .. fault)
      assert.equal(0, counts[false])
      assert(counts.unknown > 5, counts.unknown)
      for seed = 1, 20 do -- where a test says invalid, as Maelstrom does
        local words = {}
        for word in outcomes[seed].command:gsub('^%./sim test ', ""):gmatch("%S+") do
          words[#words + 1] = word
        end
        local run = assert(trial.run(assert(trial.options(words, "test"))))
        assert.equal(outcomes[seed].valid == true, run.results["valid?"])
      end
    end)
  end

  it("wrong where its node could", function()
    local counts = explore([[
      node.on("echo", function(msg)
        if node.now() % 1 < 0.9 then
          return { type = "echo_ok", echo = msg.body.echo }
        end
      end)
    ]], 1, 5, "--nemesis=loss")
    assert.equal(5, counts[false])
  end)

  it("wrong where its node did not answer after it could again", function()
    -- Notices by its own timer that it stood still.
    local counts = explore([[
      local last, is_stuck = nil, false
      node.every(0.1, function()
        is_stuck = is_stuck or last and node.now() - last > 0.5
        last = node.now()
      end)
      node.on("echo", function(msg)
        if not is_stuck then
          return { type = "echo_ok", echo = msg.body.echo }
        end
      end)
    ]], 1, 10, "--nemesis=pause", "--time-limit=30")
    assert(counts[false] >= 5, counts[false])
  end)

  it("wrong where another came back changed", function()
    local counts = explore([[
      node.on("echo", function(msg)
        return { type = "echo_ok", echo = node.random(20) == 1 and "" or msg.body.echo }
      end)
    ]], 1, 5, "--nemesis=pause")
    assert.equal(5, counts[false])
  end)
end)
