-- What holds for every seed. A failure names the command that repeats it.
local bench = dofile("tests/sim/bench.lua")

local PUSH, HUB_3D, HUB_3E = "challenges/broadcast_3c.lua", "challenges/broadcast_3d.lua",
  "challenges/broadcast_3e.lua"

local function range(from, to)
  local ids = {}
  for i = from, to do
    ids[#ids + 1] = "n" .. i
  end
  return ids
end

describe("partitions lose nothing", function()
  for _, script in ipairs({ PUSH, HUB_3D, HUB_3E }) do
    it("in " .. script, function()
      for seed = 1, 20 do
        local run = bench.valid(script, ("--node-count %d --rate 50 --time-limit 20 --latency 100 "
          .. "--latency-dist %s --nemesis partition --nemesis-interval %d --seed %d"):format(
          2 + seed % 8, seed % 3 == 0 and "exponential" or "constant", 2 + seed % 4, seed))
        assert.equal(0, run.results.workload["lost-count"])
        assert(#run.faults > 0)
      end
    end)

    it("in " .. script .. " with 25 nodes", function()
      for seed = 21, 22 do
        bench.valid(script, "--node-count 25 --rate 50 --time-limit 20 --latency 100 "
          .. "--nemesis partition --seed " .. seed)
      end
    end)
  end

  it("when they last longer than any pause may", function()
    local longest_us = 0
    for _, script in ipairs({ PUSH, HUB_3D, HUB_3E }) do
      for seed = 6, 9 do
        local run = bench.valid(script, "--node-count 4 --rate 5 --time-limit 100 --latency 100 "
          .. "--nemesis partition --nemesis-interval 100 --seed " .. seed)
        for _, fault in ipairs(run.faults) do
          longest_us = math.max(longest_us, fault.to_us - fault.from_us)
        end
      end
    end
    assert(longest_us > 95e6)
  end)

  it("by the direct policy either", function()
    for seed = 1, 20 do
      bench.edited(HUB_3D, "local policy = ", "local policy = policies.direct",
        ("--node-count %d --rate 50 --time-limit 20 --latency 100 --nemesis partition "
        .. "--nemesis-interval %d --seed %d"):format(2 + seed % 5, 2 + seed % 4, seed))
    end
  end)
end)

describe("partitions cost at most half as many messages again", function()
  for script, seeds in pairs({ [HUB_3D] = 3, [HUB_3E] = 3 }) do
    it("in " .. script, function()
      local task = "--node-count 25 --rate 100 --time-limit 60 --latency 100 "
      local calm = bench.figures(bench.valid(script, task))
      for seed = 1, seeds do
        local run = bench.valid(script, task .. "--nemesis partition --seed " .. seed)
        bench.at_most(1.5 * calm, (bench.figures(run)), "messages per operation", run)
      end
    end)
  end
end)

describe("faults of every other kind lose nothing", function()
  for _, faults in ipairs({ "one-way", "loss", "duplicate,reorder", "spike", "pause",
    "partition,one-way,loss,duplicate,reorder,spike,pause,skew" }) do
    it("in the hub challenges: " .. faults, function()
      for seed = 1, 6 do
        local script = seed % 2 == 0 and HUB_3D or HUB_3E
        bench.valid(script, ("--node-count %d --rate 30 --time-limit 20 --latency 50 --nemesis %s "
          .. "--nemesis-interval 4 --seed %d"):format(2 + seed % 6, faults, seed))
      end
    end)
  end
end)

describe("a hub that is", function()
  -- When the hub is gone, what others take is soon at all others; and in the end everything is
  -- everywhere, as bench.valid sees to.
  local GONE_S, BACK_S = 5, 20
  local function check(run, delay_s)
    local reads, checked = {}, 0
    for _, op in ipairs(run.history) do
      if op.f == "read" and op.outcome == "ok" and op.node ~= "n0" then
        reads[#reads + 1] = { at = op.invoke_us / 1e6, has = bench.set(op.result), node = op.node }
      end
    end
    for _, op in ipairs(run.history) do
      local known = op.f == "broadcast" and op.outcome == "ok" and op.complete_us / 1e6
      if known and op.node ~= "n0" and known >= GONE_S then
        for _, read in ipairs(reads) do
          if read.at > known + delay_s and read.at > GONE_S + 6 and read.at < BACK_S then
            checked = checked + 1
            assert(read.has[op.value], ("%s: %s took %d at %g s, %s lacks it at %g s"):format(
              run.command, op.node, op.value, known, read.node, read.at))
          end
        end
      end
    end
    assert(checked > 1000)
  end

  -- Runs with something done to the hub for the time between.
  local function run(seed, script, n, begin, finish)
    return bench.valid(script, ("--node-count %d --rate 40 --time-limit 30 --latency 100 --seed %d")
      :format(n, seed), function(world)
        local start = 0.0001 -- the first instant is for init
        world:after(start + GONE_S, function() begin(world) end)
        world:after(start + BACK_S, function() finish(world) end)
      end)
  end

  for what, fault in pairs({
    ["cut off"] = {
      function(world, n)
        for _, id in ipairs(range(1, n - 1)) do
          world:cut("n0", id)
          world:cut(id, "n0")
        end
      end,
      function(world) world:heal() end,
    },
    ["not heard"] = {
      function(world, n)
        for _, id in ipairs(range(1, n - 1)) do
          world:cut(id, "n0")
        end
      end,
      function(world) world:heal() end,
    },
    ["paused"] = {
      function(world) world:pause("n0") end,
      function(world) world:resume("n0") end,
    },
  }) do
    it(what .. " is left for another until it is back", function()
      for seed = 1, 3 do
        local n = 3 + 4 * seed
        check(run(seed, HUB_3D, n, function(world) fault[1](world, n) end, fault[2]), 1.5)
      end
    end)
  end

  it("killed is left for another, and gets everything from the others when it is back", function()
    -- What it alone had is gone, and clients see that it forgets: so no verdict here.
    for seed = 1, 5 do
      bench.same_in_the_end(bench.run(HUB_3D, ("--node-count 5 --rate 40 --time-limit 30 "
        .. "--latency 100 --nemesis kill --nemesis-interval 3 --seed %d"):format(seed)))
    end
  end)
end)

describe("a run", function()
  it("is the same again for its seed, to the last message", function()
    for seed = 1, 3 do
      for _, script in ipairs({ PUSH, HUB_3D, "challenges/unique_ids_2.lua" }) do
        local text = "--rate 50 --time-limit 10 --latency 100 --latency-dist exponential "
          .. "--nemesis partition,kill,loss --nemesis-interval 3 --seed " .. seed
        local one, two = bench.run(script, text), bench.run(script, text)
        assert.equal(one.fingerprint, two.fingerprint)
        assert.same(one.results, two.results)
      end
    end
  end)
end)
