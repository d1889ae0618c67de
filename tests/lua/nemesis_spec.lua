-- sim.nemesis: when faults begin and end, and whom they hit.

local clusters = require "sim.cluster"
local faults = require "sim.nemesis.faults"
local lab = require "hearsay.testing"
local nemeses = require "sim.nemesis"
local randoms = require "hearsay.random"
local targets = require "sim.nemesis.targets"

-- A cluster under a nemesis for some seconds, and its windows in seconds since its start.
local function disturb(seconds, opts)
  local cluster = assert(clusters.new({
    command = { opts.script or "challenges/echo_1.lua" }, nodes = lab.ids(opts.n or 5),
    seed = opts.seed, latency = 10,
  }))
  assert(cluster:init())
  local start_us = cluster.world:now_us()
  local nemesis = nemeses.start(cluster, opts)
  assert(cluster.world:run(seconds))
  nemesis.stop()
  local windows = {}
  for i, window in ipairs(nemesis.windows) do
    windows[i] = {
      fault = window.fault, text = window.text, number = window.number,
      from = (window.start_us - start_us) / 1e6, to = (window.stop_us - start_us) / 1e6,
    }
  end
  return windows, cluster, nemesis
end

local function options(seed, list, interval)
  return { seed = seed, nemesis = list, nemesis_interval = interval or 10 }
end

describe("the nemesis", function()
  it("does nothing unless it is asked to", function()
    assert.same({}, (disturb(60, options(1, {}))))
  end)

  it("starts at once, and goes on and off at gaps of 0 to twice the interval", function()
    local gaps = {}
    for seed = 1, 30 do -- among five nodes each shape cuts some
      local windows = disturb(200, options(seed, { "partition" }, 5))
      assert.equal(0, windows[1].from)
      local last
      for i, window in ipairs(windows) do
        assert.same({ "partition", i }, { window.fault, window.number })
        assert.is_string(window.text)
        if last then
          gaps[#gaps + 1] = window.from - last
        end
        if i < #windows then -- the last one is ended by stop
          gaps[#gaps + 1] = window.to - window.from
        end
        last = window.to
      end
    end
    local sum, least, most = 0, math.huge, 0
    for _, gap in ipairs(gaps) do
      sum, least, most = sum + gap, math.min(least, gap), math.max(most, gap)
    end
    assert.near(5, sum / #gaps, 0.3)
    assert(least >= 0 and least < 0.2 and most <= 10 and most > 9.8)
  end)

  it("ends what is open when it is stopped, and begins nothing after", function()
    local windows, cluster, nemesis = disturb(100, options(3, { "partition", "pause", "loss" }))
    for _, window in ipairs(windows) do
      assert(window.to > window.from or window.to == 100)
      assert(window.to <= 100)
    end
    local count = #nemesis.windows
    assert(cluster.world:run(100))
    assert.equal(count, #nemesis.windows)
    assert(cluster:ask_all(function() return { type = "echo", echo = 1 } end))
  end)

  it("draws each fault from a stream of its own: another one changes nothing", function()
    local alone = disturb(100, options(5, { "partition" }))
    local together = disturb(100, options(5, { "kill", "partition", "skew" }))
    local partitions = {}
    for _, window in ipairs(together) do
      if window.fault == "partition" then
        partitions[#partitions + 1] = window
      end
    end
    assert.equal(#alone, #partitions)
    for i, window in ipairs(alone) do
      assert.same({ window.text, window.from, window.to },
        { partitions[i].text, partitions[i].from, partitions[i].to })
    end
    assert(#together > #partitions)
  end)

  it("leaves windows out without moving the others", function()
    local all = disturb(100, options(7, { "partition", "pause" }))
    local opts = options(7, { "partition", "pause" })
    opts.fault_windows = { [2] = true, [5] = true }
    local some = disturb(100, opts)
    assert.same({ all[2], all[5] }, some)
  end)

  it("is the same for the same seed", function()
    local list = { "partition", "one-way", "kill", "pause", "loss", "skew" }
    assert.same((disturb(60, options(2, list))), (disturb(60, options(2, list))))
    assert.not_same((disturb(60, options(2, list))), (disturb(60, options(3, list))))
  end)

  it("can do any of its faults to any number of nodes, and leaves them whole", function()
    for _, name in ipairs(faults.names) do
      assert.is_string(faults[name].help)
      for n = 1, 4 do
        local opts = options(n, { name }, 2)
        opts.n = n
        local windows, cluster = disturb(60, opts)
        local has_peers = n > 1 or (name ~= "partition" and name ~= "one-way")
        assert.equal(has_peers, #windows > 3, name)
        for _, window in ipairs(windows) do
          assert.equal(name, window.fault)
          assert(#window.text > 0)
        end
        assert(cluster.world:run(1)) -- nodes that were killed are initialised
        local ok, message = cluster:ask_all(function() return { type = "echo", echo = 1 } end)
        assert(ok, ("%s, %d nodes: %s"):format(name, n, message))
      end
    end
  end)

  it("shows no window in which nobody is struck, and numbers the others as they are", function()
    local numbers, skipped = {}, 0
    for seed = 1, 20 do
      local opts = options(seed, { "partition" }, 2)
      opts.n = 3
      local last = 0
      for _, window in ipairs((disturb(30, opts))) do
        assert.not_matches("third", window.text) -- less than a third of three is none
        skipped = skipped + window.number - last - 1
        last = window.number
        numbers[#numbers + 1] = last
      end
    end
    local all = skipped + #numbers
    assert.near(all / 4, skipped, all / 10)
  end)

  it("leaves no fault behind in the network", function()
    for _, name in ipairs(faults.names) do
      local opts = options(1, { name }, 2)
      opts.script = "challenges/broadcast_3b.lua" -- sends a value to all, once
      local _, cluster = disturb(20, opts)
      assert(cluster.world:run(1))
      local client, before = cluster:client(), cluster.world:counts().servers
      for value = 1, 20 do
        client:request("n0", { type = "broadcast", message = value }, 1, function() end)
        cluster.world:run(0.0001)
      end
      cluster.world:run(0.1)
      local after = cluster.world:counts().servers
      assert.equal(20 * 4 * 4, after.sent - before.sent, name)
      assert.equal(after.sent - before.sent, after.received - before.received, name)
      client:request("n4", { type = "read" }, 1, function(reply)
        assert.equal(20, #reply.messages, name)
      end)
      cluster.world:run(1)
    end
  end)

  it("can do all of them at once", function()
    for seed = 1, 5 do
      local _, cluster = disturb(60, options(seed, faults.names, 3))
      assert(cluster.world:run(1))
      local ok, message = cluster:ask_all(function() return { type = "echo", echo = 1 } end)
      assert(ok, ("seed %d: %s"):format(seed, message))
    end
  end)
end)

describe("targets", function()
  it("are any number of nodes, at least one", function()
    for n = 1, 9 do
      local random, sizes = randoms.stream(1, "test"), {}
      for _ = 1, 400 do
        local group, text = targets.draw(lab.ids(n), random)
        sizes[#group] = true
        local seen = {}
        for _, id in ipairs(group) do
          assert.is_nil(seen[id])
          seen[id] = true
        end
        assert.is_string(text)
      end
      local expected = {}
      for size = 1, n do
        expected[size] = true
      end
      assert.same(expected, sizes)
    end
  end)

  it("have the sizes of Jepsen's, and each as often", function()
    local random, counts = randoms.stream(1, "test"), {}
    for _ = 1, 6000 do
      local group, text = targets.draw(lab.ids(30), random)
      local name = #group <= 3 and #group .. " named" or text
      counts[name] = (counts[name] or 0) + 1
      local sizes = { ["a minority third"] = 9, ["a minority"] = 15, ["a majority"] = 16,
        ["all nodes"] = 30 }
      assert.equal(sizes[text] or #group, #group)
    end
    for _, name in ipairs({ "1 named", "a minority third", "a minority", "a majority",
      "all nodes" }) do
      assert.near(1000, counts[name], 130)
    end
    assert.near(900, counts["some nodes"], 130) -- a tenth of them are named
  end)

  it("are named where they are few", function()
    local random = randoms.stream(1, "test")
    local names = { ["a minority"] = true, ["a majority"] = true, ["all nodes"] = true,
      ["some nodes"] = true }
    for _ = 1, 50 do
      local group, text = targets.draw(lab.ids(9), random)
      if #group <= 3 then
        assert.equal(table.concat(group, ", "), text)
      else
        assert.is_true(names[text])
      end
    end
  end)
end)
