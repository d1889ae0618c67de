--- `./sim compare`: runs several scripts, or one over several topologies, calm and under faults,
-- and puts their figures side by side, the cheapest first.
-- @module sim.compare

local challenges = require "sim.challenges"
local comparison = require "sim.comparison"
local figures = require "sim.figures"
local frontier = require "sim.report.frontier"
local help = require "sim.help"
local mix = require "sim.mix"
local options = require "sim.options"
local page = require "sim.report.page"
local progress = require "sim.progress"
local results = require "sim.results"
local terminal = require "sim.terminal"
local trial = require "sim.trial"

local UNKNOWN, BAD_OPTIONS, COULD_NOT_RUN = 2, 254, 255

-- Takes the options that may be given several times out of the arguments.
local function split(args)
  local repeated, rest = { ["--bin"] = {}, ["--topology"] = {} }, {}
  local at = 1
  while at <= #args and args[at] ~= "--" do
    local name, text = args[at]:match("^(%-%-%a+)=(.*)$")
    if repeated[name] then
      table.insert(repeated[name], text)
    elseif repeated[args[at]] and args[at + 1] then
      table.insert(repeated[args[at]], args[at + 1])
      at = at + 1
    elseif args[at]:find("^[^-].*%.lua$") and not options.takes_next(args[at - 1]) then
      table.insert(repeated["--bin"], args[at])
    else
      rest[#rest + 1] = args[at]
    end
    at = at + 1
  end
  table.move(args, at, #args, #rest + 1, rest)
  return repeated["--bin"], repeated["--topology"], rest
end

local function verdict(valid)
  return ({ [true] = "valid", [false] = "INVALID" })[valid] or "unknown"
end

local function measure(args, changes)
  local opts, message = trial.options(mix.apply(args, changes), "compare")
  if not opts then
    return nil, message, BAD_OPTIONS
  end
  local run
  run, message = trial.run(opts)
  if not run then
    return nil, message, COULD_NOT_RUN
  end
  if run.interrupted then
    return nil, "interrupted", UNKNOWN
  end
  opts.workload = run.workload
  return run.results, opts
end

-- A row, by two runs; calls a function between them.
local function row_for(between, args, bin, topology, nemesis)
  local calm, opts, status = measure(args, { bin = bin, topology = topology })
  if not calm then
    return nil, opts, status
  end
  between()
  local hurt, message
  hurt, message, status = measure(args, { bin = bin, topology = topology, nemesis = nemesis })
  if not hurt then
    return nil, message, status
  end
  local one, other = figures.of(calm), figures.of(hurt)
  return {
    script = bin, topology = topology or opts.topology,
    valid = verdict(one.valid), msgs_per_op = one.servers,
    median = one.median, most = one.most,
    fault_valid = verdict(other.valid), fault_msgs_per_op = other.servers,
    fault_median = other.median, fault_most = other.most,
  }, { opts = opts, unit = figures.unit(calm) }
end

-- The page of the rows: one picture, with what others have published where the runs were under
-- the conditions of a challenge.
local function page_of(rows, run)
  local opts, points = run.opts, {}
  local challenge = challenges.find(opts.workload, opts)
  for i, row in ipairs(rows) do
    local name = row.script:gsub("^%./node ", ""):gsub("^challenges/", "")
    points[i] = { kind = "ours", name = name .. (opts.workload == "broadcast"
      and ", " .. row.topology or ""), script = row.script, servers = row.msgs_per_op,
      median = row.median, most = row.most, verdict = row.valid,
      faults = { servers = row.fault_msgs_per_op, most = row.fault_most,
        verdict = row.fault_valid } }
  end
  return frontier.render("Messages against latency", { {
    title = opts.workload, unit = run.unit, challenge = challenge, points = points,
    options = ("-w %s --node-count %d --rate %g --latency %g"):format(opts.workload,
      opts.node_count, opts.rate, opts.latency),
  } })
end

local compare = {}

--- Runs the command.
-- @tparam {string,...} args
-- @treturn integer exit status: 0 when all runs were valid, 1 when one was not, 2
-- when it was interrupted
function compare.main(args)
  local bins, topologies, rest = split(args)
  local opts, message = options.parse(mix.apply(rest, { bin = bins[1] }), "compare")
  if not opts then
    io.stderr:write("sim: ", message, "\n")
    return BAD_OPTIONS
  elseif opts.help then
    io.stdout:write(help.command("compare", terminal.columns(1)))
    return 0
  end
  local nemesis = table.concat(opts.nemesis, ",")
  local calm = {}
  for i, word in ipairs(rest) do
    local is_value = rest[i - 1] == "--nemesis"
    if word ~= "--nemesis" and not is_value and not word:find("^%-%-nemesis=") then
      calm[#calm + 1] = word
    end
  end
  local rows, all_valid, first = {}, true, nil
  local shown = progress.new("runs", 2 * #bins * math.max(1, #topologies))
  for _, bin in ipairs(bins) do
    for i = 1, math.max(1, #topologies) do
      shown:step(2 * #rows)
      local row, run, status = row_for(function()
        shown:step(2 * #rows + 1)
      end, calm, bin, topologies[i],
        nemesis == "" and "partition" or nemesis)
      if not row then
        shown:clear()
        io.stderr:write("sim: ", run, "\n")
        return status
      end
      first = first or run
      rows[#rows + 1] = row
      all_valid = all_valid and row.valid == "valid" and row.fault_valid == "valid"
    end
  end
  shown:clear()
  table.sort(rows, function(a, b)
    if a.msgs_per_op ~= b.msgs_per_op then
      return a.msgs_per_op < b.msgs_per_op
    end
    return a.script .. a.topology < b.script .. b.topology
  end)
  if opts.json then
    io.stdout:write(results.encode(results.array(rows)))
  elseif opts.csv then
    io.stdout:write(comparison.csv(rows))
  else
    io.stdout:write(comparison.render(rows, terminal.style(opts)))
  end
  if opts.page then
    local ok, why = page.write(opts.page, page_of(rows, first))
    if not ok then
      io.stderr:write("sim: ", why, "\n")
      return COULD_NOT_RUN
    end
  end
  return all_valid and 0 or 1
end

return compare
