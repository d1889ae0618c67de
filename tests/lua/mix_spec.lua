-- sim.mix: the faults, nodes and load that ./sim explore draws for a seed.

local faults = require "sim.nemesis.faults"
local mix = require "sim.mix"
local options = require "sim.options"

local SEEDS = 400

-- The names of a list with commas, as a set.
local function names_in(text)
  local set = {}
  for name in (text or ""):gmatch("[^,]+") do
    set[name] = true
  end
  return set
end

describe("a mix", function()
  it("is the same for a seed, whatever was run before it", function()
    local expected = {}
    for seed = 1, 20 do
      expected[seed] = mix.draw(seed, {})
    end
    for seed = 20, 1, -1 do
      assert.same(expected[seed], mix.draw(seed, {}))
    end
    assert.not_same(expected[1], expected[2])
  end)

  it("names its seed, as a whole number of any size", function()
    for _, seed in ipairs({ 0, 1, 5000000000, math.maxinteger }) do
      assert.equal(tostring(seed), mix.draw(seed, {}).seed)
    end
  end)

  it("is what the command line takes", function()
    for seed = 1, SEEDS do
      local args = mix.apply({ "--bin", "challenges/echo_1.lua" }, mix.draw(seed, {}))
      local opts, message = options.parse(args)
      assert(opts, message)
      assert.equal(seed, opts.seed)
    end
  end)

  it("has those faults that are allowed, where that is told, in the same seeds", function()
    local kills = 0
    for seed = 1, SEEDS do
      local set = names_in(mix.draw(seed, {}, { kill = true, loss = true }).nemesis)
      kills = kills + (set.kill and 1 or 0)
      assert.equal(names_in(mix.draw(seed, {}).nemesis).loss, set.loss)
      set.kill, set.loss = nil, nil
      assert.is_nil(next(set))
    end
    assert(kills > SEEDS // 4 and kills < SEEDS // 2)
  end)

  it("has each fault in some seeds, and a kill in none", function()
    local counts, calm = {}, 0
    for seed = 1, SEEDS do
      local set = names_in(mix.draw(seed, {}).nemesis)
      calm = calm + (next(set) and 0 or 1)
      for name in pairs(set) do
        counts[name] = (counts[name] or 0) + 1
      end
    end
    for _, name in ipairs(faults.names) do
      if name == "kill" then
        assert.is_nil(counts.kill)
      else
        assert(counts[name] > SEEDS // 4 and counts[name] < SEEDS // 2, name)
      end
    end
    assert(calm > 0 and calm < SEEDS // 4)
  end)

  it("varies each option", function()
    local seen = {}
    for seed = 1, SEEDS do
      for name, text in pairs(mix.draw(seed, {})) do
        seen[name] = seen[name] or {}
        seen[name][text] = true
      end
    end
    for _, name in ipairs({ "nemesis-interval", "node-count", "topology", "latency",
      "latency-dist", "rate", "time-limit" }) do
      local count = 0
      for _ in pairs(seen[name]) do
        count = count + 1
      end
      assert(count >= 3, name)
    end
    for n = 1, 7 do
      assert.is_true(seen["node-count"][tostring(n)])
    end
  end)

  it("leaves what was given, and draws the rest as it would have", function()
    local all = mix.draw(7, {})
    for name in pairs(all) do
      if name ~= "seed" then
        local rest = mix.draw(7, { [name] = "x" })
        assert.is_nil(rest[name])
        rest[name] = all[name]
        assert.same(all, rest)
      end
    end
  end)

  it("leaves the number of nodes where they are named", function()
    assert.is_string(mix.draw(7, {})["node-count"])
    assert.is_nil(mix.draw(7, { nodes = "a,b" })["node-count"])
  end)
end)

describe("changes of a command line", function()
  it("come after it, so that they count, in the order of their names", function()
    assert.same({ "--bin", "x.lua", "--seed=1", "--rate=5", "--seed=7" },
      mix.apply({ "--bin", "x.lua", "--seed=1" }, { seed = "7", rate = "5" }))
    assert.equal(7, options.parse(mix.apply({ "--bin", "x.lua", "--seed=1" }, { seed = "7" })).seed)
  end)

  it("come before --, and leave what follows it", function()
    assert.same({ "--bin", "./node", "--seed=7", "--", "x.lua", "--", "--seed=1" },
      mix.apply({ "--bin", "./node", "--", "x.lua", "--", "--seed=1" }, { seed = "7" }))
    assert.same({ "--seed=7", "--" }, mix.apply({ "--" }, { seed = "7" }))
  end)

  it("leave the arguments themselves alone", function()
    local args = { "--bin", "x.lua", "--", "y" }
    mix.apply(args, { seed = "7" })
    assert.same({ "--bin", "x.lua", "--", "y" }, args)
    assert.same(args, mix.apply(args, {}))
    assert.same({}, mix.apply({}, {}))
  end)
end)
