--- What the page shows of a run, as one table that becomes JSON.
--
-- Long lists are columns of whole numbers, of which times are differences to the one before:
-- small enough to read, and a fifth of a list of objects. The page undoes that when it opens
-- (page/base.js). Texts are made here, by the same words as on the screen.
-- @module sim.report.data

local anomalies = require "sim.report.anomalies"
local challenges = require "sim.challenges"
local figures = require "sim.figures"
local format = require "sim.format"
local json = require "hearsay.json"
local messages = require "sim.report.messages"
local options = require "sim.options"
local screen = require "sim.screen"
local sorted = require "hearsay.sorted"
local topology = require "hearsay.topology"
local value = require "sim.checkers.value"

local data = {}

local VALUE_LENGTH = 80 -- bytes of JSON that an operation's value may take on the page
local OUTCOMES = { ok = 0, fail = 1, info = 2 } -- 3: it never ended

-- Numbers the texts of a list in the order in which they come.
local function numbering()
  local list, places = json.array({}), {}
  return list, function(text)
    if not places[text] then
      places[text] = #list
      list[#list + 1] = text
    end
    return places[text]
  end
end

local function verdict(run)
  local text = screen.verdict(run.results, { opts = run.opts, workload = run.workload })
  local word, said = text:match("^(%u+): (.*)$")
  return { valid = run.results["valid?"], word = word, text = said }
end

-- What was run, in a few words each.
local function facts(run)
  local opts = run.opts
  local list = json.array({
    format.count(opts.node_count, "node"),
    opts.rate == 0 and "no load"
      or ("%s operations/s for %s s"):format(format.milliseconds(opts.rate), opts.time_limit),
    opts.latency == 0 and "no latency"
      or ("latency %s ms %s"):format(format.milliseconds(opts.latency), opts.latency_dist),
    opts.nemesis[1] and ("%s every %s s"):format(table.concat(opts.nemesis, " and "),
      opts.nemesis_interval) or "no faults",
  })
  if run.workload == "broadcast" then
    table.insert(list, 2, opts.topology)
  end
  return list
end

local NAMES = { "servers", "median", "most" }

-- The figures that nodes are compared by, with the limits of the challenge that a run is of, and
-- what others have published.
local function key_figures(run)
  local of, list = figures.of(run.results), json.array({})
  local challenge = challenges.find(run.workload, run.opts)
  for i, name in ipairs(NAMES) do
    local limits, published = json.array({}), json.array({})
    for _, limit in ipairs(challenge and challenge.limits or {}) do
      limits[#limits + 1] = { name = limit.name, value = limit[name] }
    end
    for _, row in ipairs(challenge and challenge.published or {}) do
      published[#published + 1] = row[2 + i]
        and { name = ("%s (%s)"):format(row[1], row[2]), value = row[2 + i] }
    end
    list[i] = { name = name, value = of[name], limits = limits, published = published }
  end
  return list
end

-- The latencies that matter, one by one, where they are not those of answers: `name`; `latency`, in
-- milliseconds; `known`, from when on each is counted, in microseconds since the load began.
local function waits(details)
  local list = details.stable_latencies or details.lags
  return list and {
    name = details.lags and "lag of polls" or "stable everywhere",
    latency = json.array(list), known = json.array(details.known_us),
  }
end

-- Latencies as rows: name, count, least, median, 95 %, 99 %, most, mean (or null).
local function latencies(run)
  local rows, built = json.array({}), run.results
  local function add(name, points)
    if points then
      rows[#rows + 1] = { name = name, least = points["0"], median = points["0.5"],
        p95 = points["0.95"], p99 = points["0.99"], most = points["1"] }
    end
  end
  add("stable everywhere", built.workload["stable-latencies"])
  add("lag of polls", built.workload["realtime-lag"])
  for _, f in ipairs(sorted.keys(built.perf.latencies)) do
    local of = built.perf.latencies[f]
    rows[#rows + 1] = { name = f .. " answered", least = of.min, median = of.median, p95 = of.p95,
      p99 = of.p99, most = of.max, mean = of.mean }
  end
  return rows
end

local function short_value(v)
  if v == nil then
    return json.null
  elseif type(v) == "number" then
    return v
  end
  local text = value.text(v)
  return #text <= VALUE_LENGTH and v or format.cut(text, VALUE_LENGTH)
end

-- The operations in columns: process, node (place among the nodes), f (place among the functions),
-- value, invoked (differences), took (microseconds, -1 for one that never ended), outcome.
local function operations(history, node_place)
  local functions, function_place = numbering()
  local columns = { count = #history, functions = functions }
  for _, name in ipairs({ "process", "node", "f", "value", "invoked", "took", "outcome" }) do
    columns[name] = json.array({})
  end
  local last_us = 0
  for i, op in ipairs(history) do
    columns.process[i] = op.process
    columns.node[i] = node_place(op.node)
    columns.f[i] = function_place(op.f)
    columns.value[i] = short_value(op.value)
    columns.invoked[i] = op.invoke_us - last_us
    last_us = op.invoke_us
    columns.took[i] = op.complete_us and op.complete_us - op.invoke_us or -1
    columns.outcome[i] = op.outcome and OUTCOMES[op.outcome] or 3
  end
  return columns
end

-- The neighbours that nodes were told, as places; nil where a workload tells none.
local function neighbours(run)
  if run.workload ~= "broadcast" then
    return nil
  end
  local graph, places, list = topology.build(run.opts.topology, run.opts.nodes), {}, json.array({})
  for i, id in ipairs(run.opts.nodes) do
    places[id] = i - 1
  end
  for i, id in ipairs(run.opts.nodes) do
    list[i] = json.array({})
    for at, neighbour in ipairs(graph[id]) do
      list[i][at] = places[neighbour]
    end
  end
  return list
end

-- Ids as places; nil for none.
local function places_of(ids, place)
  local list = ids and json.array({})
  for i, id in ipairs(ids or {}) do
    list[i] = place(id)
  end
  return list
end

-- The fault windows, in seconds; `silenced` are nodes that could not answer, `cut` has for each
-- node, by its place, those that it did not hear, and both may be missing.
local function fault_windows(run, place)
  local list = json.array({})
  for i, fault in ipairs(run.faults) do
    local cut = fault.cut and json.array({})
    for at, id in ipairs(cut and run.opts.nodes or {}) do
      cut[at] = places_of(fault.cut[id] or {}, place)
    end
    list[i] = { kind = fault.fault, from = fault.from_us / 1e6, to = fault.to_us / 1e6,
      what = fault.text, silenced = places_of(fault.silenced, place), cut = cut }
  end
  return list
end

--- Builds it.
-- @tparam table run see sim.report.render
-- @treturn[1] table for json.encode
-- @treturn[2] nil
-- @treturn[2] string what is wrong with the journal
function data.build(run)
  local nodes, places, results = json.array({}), {}, run.results
  local function node_place(id)
    if not places[id] then
      nodes[#nodes + 1] = id
      places[id] = #nodes - 1
    end
    return places[id]
  end
  for _, id in ipairs(run.opts.nodes) do
    node_place(id)
  end
  local columns, types = messages.columns(run, node_place)
  if not columns then
    return nil, types
  end
  local details = run.details
  return {
    run = {
      workload = run.workload, script = run.script, seed = results.seed, facts = facts(run),
      fingerprint = results.fingerprint, is_calm = #run.faults == 0,
      command = options.command(run.opts, { ["test-count"] = false, report = false,
        open = false }),
      load_us = math.floor(run.opts.time_limit * 1e6), duration_us = run.duration_us,
    },
    verdict = verdict(run), figures = key_figures(run),
    unit = figures.unit(results),
    net = results.net, latencies = latencies(run), stats = results.stats,
    availability = results.availability["ok-fraction"],
    waits = waits(details),
    anomalies = anomalies.list(run),
    nodes = nodes, servers = #run.opts.nodes, types = json.array(types),
    topology = neighbours(run), faults = fault_windows(run, node_place),
    operations = operations(run.history, node_place), messages = columns,
  }
end

return data
