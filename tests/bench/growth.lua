-- How the cost of a simulated message grows with the number of nodes: make bench-growth.
--
-- Nodes flood values over a ring, so that each value costs each node a message or two whatever
-- their number, and most of the time goes into the network and the event queue. Processor time,
-- without starting the nodes; the median of five runs, sizes interleaved. The last column is the
-- cost over that of 25 nodes, beside the ratio of the logarithms, which it should not exceed by
-- much.

local clusters = require "sim.cluster"
local client = require "sim.client"

local SIZES = { 25, 50, 100, 200, 400, 1000 }
local ROUNDS = 5
local MESSAGES = 100000

local SCRIPT = [[
local node = require "hearsay"
local here
node.on_init(function()
  for i, id in ipairs(node.ids) do
    if id == node.id then
      here = node.ids[i % #node.ids + 1]
    end
  end
end)
node.on("pass", function(msg)
  if msg.body.left > 0 then
    node.send(here, { type = "pass", left = msg.body.left - 1 })
  end
end)
]]

local function measure(path, size)
  local nodes = {}
  for i = 1, size do
    nodes[i] = "n" .. i - 1
  end
  local cluster = assert(clusters.new({ command = { path }, nodes = nodes, seed = 1, latency = 10,
    latency_dist = "exponential" }))
  assert(cluster:init())
  local asker = client.new(cluster.world, "bench")
  -- As many messages under way as there are nodes.
  for _, id in ipairs(nodes) do
    cluster.world:send(asker.id, id, { type = "pass", left = MESSAGES // size - 1 })
  end
  local before = cluster.world:counts().servers.received
  local start = os.clock()
  assert(cluster.world:run(1e6))
  local seconds = os.clock() - start
  return seconds / (cluster.world:counts().servers.received - before) * 1e9
end

local path = os.tmpname()
local file = assert(io.open(path, "w"))
assert(file:write(SCRIPT))
file:close()

local costs = {}
for _ = 1, ROUNDS do
  for _, size in ipairs(SIZES) do
    costs[size] = costs[size] or {}
    table.insert(costs[size], measure(path, size))
  end
end
os.remove(path)

print("| nodes | ns a message | of 25 nodes | log n, of log 25 |")
print("| --- | --- | --- | --- |")
local base
for _, size in ipairs(SIZES) do
  table.sort(costs[size])
  local median = costs[size][ROUNDS // 2 + 1]
  base = base or median
  print(("| %d | %.0f | %.2f | %.2f |"):format(size, median, median / base,
    math.log(size) / math.log(SIZES[1])))
end
