-- The other ways to broadcast do what their headers say, and break where they say so.
local bench = dofile("tests/sim/bench.lua")
local sorted = require "hearsay.sorted"
local testing = require "hearsay.testing"

local TASK = "--node-count 25 --rate 100 --time-limit 20 --latency 100 --availability total "
local FAULTS = "--node-count %d --rate 50 --time-limit 20 --latency 100 --nemesis %s "
  .. "--nemesis-interval %d --seed %d"
local N = 25

-- At most: messages per operation, the median and the most of stable latency in milliseconds; and
-- how many messages a second an idle cluster of 25 sends.
local VARIANTS = {
  flood_grid = { messages = 29, median = 500, most = 800, idle = 0 },
  tree4_queue = { messages = 25, median = 420, most = 520, idle = 0 },
  star_retry = { messages = 25, median = 200, most = 220, idle = 0 },
  star_buffered = { messages = 2.8, median = 320, most = 640, idle = 0 },
  direct_backup = { messages = 13, median = 100, most = 110, idle = N / 3 * 1.1 },
  jittered = { messages = 2, median = 1800, most = 4000, idle = 0 },
  plumtree = { messages = 17, median = 400, most = 800, idle = 0 },
  anti_entropy = { messages = 2.2, median = 2000, most = 4500, idle = N / 0.5 * 1.1 },
  push_pull = { messages = 1.8, median = 1800, most = 4500, idle = 2 * N / 0.5 * 1.1 },
}
local LOSES = { flood_grid = true }

local names = sorted.keys(VARIANTS)

local function script(name)
  return "challenges/variants/broadcast_" .. name .. ".lua"
end

describe("the variants of broadcast", function()
  for _, name in ipairs(names) do
    local claim = VARIANTS[name]

    it(name .. " is valid in a calm network, at its price", function()
      for seed = 1, 2 do
        local run = bench.valid(script(name), TASK .. "--seed " .. seed)
        local messages, median, most = bench.figures(run)
        bench.at_most(claim.messages, messages, "messages per operation", run)
        bench.at_most(claim.median, median, "the median", run)
        bench.at_most(claim.most, most, "the most", run)
      end
    end)

    it(name .. " works for any number of nodes", function()
      for n = 1, 3 do
        bench.valid(script(name), "--rate 20 --time-limit 5 --latency 20 --node-count " .. n)
      end
    end)

    it(name .. " sends no more than it says when nothing is new", function()
      local run = bench.run(script(name), "--node-count 25 --rate 0 --time-limit 60 --latency 100")
      local seconds = 70 -- with the quiet before the last reads
      bench.at_most(claim.idle * seconds, run.results.net.servers["msg-count"], "messages", run)
    end)

    if not LOSES[name] then
      it(name .. " loses nothing in partitions, nor where messages are lost, doubled or late",
        function()
          for seed = 1, 6 do
            bench.valid(script(name), FAULTS:format(2 + seed % 6,
              seed % 3 == 0 and "loss,duplicate,reorder" or "partition", 2 + seed % 3, seed))
          end
          bench.valid(script(name), FAULTS:format(25, "partition", 4, 7))
        end)
    end
  end
end)

describe("the weakness", function()
  it("of flooding is a partition", function()
    for seed = 1, 3 do
      local run = bench.run(script("flood_grid"), FAULTS:format(25, "partition", 4, seed))
      assert.is_false(run.results["valid?"])
      assert(run.results.workload["lost-count"] > 0)
    end
  end)

  it("of flooding a grid is that each value takes all ways", function()
    local run = bench.valid(script("flood_grid"), TASK)
    assert.equal((2 * 40 - 24) * bench.count(run, "broadcast"),
      run.results.net.servers["msg-count"])
  end)

  it("of growing time-outs is a long partition, unless there is a cap", function()
    -- The partition lasts 40 s; the next retries are about a minute later.
    local function run(argument)
      return bench.run(script("star_retry") .. argument,
        "--node-count 5 --rate 20 --time-limit 45 --latency 100", function(world)
          for _, id in ipairs({ "n1", "n2", "n3", "n4" }) do
            world:after(1, function()
              world:cut("n0", id)
              world:cut(id, "n0")
            end)
          end
          world:after(41, function() world:heal() end)
        end)
    end
    assert.is_true(run("").results["valid?"])
    local uncapped = run(" uncapped")
    assert.is_false(uncapped.results["valid?"])
    assert(uncapped.results.workload["lost-count"] > 0)
  end)

  it("of a request for each value, and of direct sending, is that values share nothing", function()
    for name, each in pairs({ star_retry = 48, tree4_queue = 48, direct_backup = 24 }) do
      local run = bench.valid(script(name), TASK)
      assert(run.results.net.servers["msg-count"] >= each * bench.count(run, "broadcast"), name)
    end
  end)

  it("of timers that know nothing of each other is half a window: a hub in step is faster for the "
    .. "same messages", function()
    local function figures(path, window)
      local run = bench.edited(path, "window = ", ("  window = %g,"):format(window), TASK)
      return bench.figures(run)
    end
    local buffered, slow = figures(script("star_buffered"), 0.3)
    local in_step, fast = figures("challenges/broadcast_3e.lua", 0.3)
    assert(in_step < buffered and fast < slow - 50)
  end)

  it("of a star is its hub", function()
    for _, name in ipairs({ "star_buffered", "star_retry" }) do
      local nodes = testing.start(script(name), { nodes = 4, latency = 10 })
      nodes:isolate("n0")
      nodes:ask("n1", { type = "broadcast", message = 7 })
      nodes:run(20)
      assert.same({}, nodes:ask("n2", { type = "read" }).messages)
      nodes:heal()
      nodes:eventually(5, function()
        return nodes:ask("n2", { type = "read" }).messages[1] == 7
      end)
    end
  end)

  it("of a tree is each of its links", function()
    local nodes = testing.start(script("tree4_queue"), { nodes = 7, latency = 10 })
    nodes:cut({ "n1" }, { "n5" })
    nodes:ask("n1", { type = "broadcast", message = 7 })
    nodes:run(20)
    assert.same({}, nodes:ask("n5", { type = "read" }).messages)
    assert.same({ 7 }, nodes:ask("n6", { type = "read" }).messages)
  end)

  it("of random exchanges is that they go on when nothing is new", function()
    for name, least in pairs({ anti_entropy = N / 0.5, push_pull = 2 * N / 0.5,
      direct_backup = N / 3 }) do
      local run = bench.run(script(name), "--node-count 25 --rate 0 --time-limit 60 --latency 100")
      assert(run.results.net.servers["msg-count"] > 0.9 * least * 70, name)
    end
  end)
end)

describe("the breaker of tree4_queue", function()
  it("keeps requests from a neighbour that does not answer, and lets one through to see", function()
    local nodes = testing.start(script("tree4_queue"), { nodes = 2, latency = 10 })
    nodes:cut({ "n0" }, { "n1" })
    for i = 1, 10 do
      nodes:ask("n0", { type = "broadcast", message = i })
    end
    nodes:run(2)
    nodes:sent()
    nodes:run(30)
    local sent = #nodes:sent()
    assert(sent >= 15 and sent <= 30, sent) -- one each second, after 0.5 s of waiting for it
    nodes:heal()
    nodes:eventually(3, function()
      return #nodes:ask("n1", { type = "read" }).messages == 10
    end)
  end)
end)

describe("the backup of direct_backup", function()
  it("brings values past a cut, and to a node that was restarted", function()
    local nodes = testing.start(script("direct_backup"), { nodes = 4, latency = 10 })
    nodes:cut({ "n0" }, { "n1" })
    nodes:ask("n0", { type = "broadcast", message = 7 })
    nodes:eventually(60, function()
      return #nodes:ask("n1", { type = "read" }).messages == 1
    end)
    nodes:restart("n2")
    nodes:eventually(60, function()
      return #nodes:ask("n2", { type = "read" }).messages == 1
    end)
  end)
end)
