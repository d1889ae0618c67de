--- What a run prints for the person who started it: the verdict first, then what it cost, how long
-- it took, what was done to it, and how to see it again.
-- @module sim.screen

local convergence = require "sim.words.convergence"
local format = require "sim.format"
local sorted = require "hearsay.sorted"
local stats = require "sim.stats"
local words = require "sim.words"

local screen = {}

local WIDTH, NARROWEST = 80, 60
local INDENT = 19 -- where everything beside the labels begins
local CELL = 10
local EXAMPLES = 4 -- of what went wrong
local BAR_ROWS = 3
local FAULTS = 6 -- windows that are listed

local COLORS = {
  bold = "1", dim = "2", red = "1;31", green = "1;32", yellow = "1;33", cyan = "36",
}

local UNICODE = {
  good = "✔", bad = "✘", unknown = "?", rule = "─", dot = " · ", to = "–",
  blocks = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }, calm = "·", fault = "█",
}
local ASCII = {
  good = "*", bad = "X", unknown = "?", rule = "-", dot = ", ", to = "-",
  blocks = { ".", ":", "#" }, calm = ".", fault = "#",
}

-- The page under construction: lines, the glyphs and whether to colour.
local Page = {}
Page.__index = Page

function Page:paint(color, text)
  return self.color and "\27[" .. COLORS[color] .. "m" .. text .. "\27[0m" or text
end

function Page:line(text)
  self.lines[#self.lines + 1] = text and " " .. text or ""
end

-- A label and, from a column on, a text that may take several lines.
function Page:row_at(indent, label, text, color)
  for i, part in ipairs(format.wrap(text, self.width - indent - 2)) do
    local left = self:paint("dim", format.pad(i == 1 and label or "", indent))
    self:line(left .. (color and self:paint(color, part) or part))
  end
end

-- The same at the usual column; see sim.words.
function Page:row(label, text, color)
  self:row_at(INDENT, label, text, color)
end

-- A table: a label and right-aligned cells a row, as many as there is room for; the first row is
-- the heading, and the `strong` one stands out.
function Page:cells(rows, strong)
  for i, cells in ipairs(rows) do
    local parts, last = {}, math.min(#cells, 1 + (self.width - 1 - INDENT) // CELL)
    for at = 2, last do
      parts[at - 1] = format.pad_left(cells[at], CELL)
    end
    local text = table.concat(parts)
    if i == 1 then
      text = self:paint("dim", text)
    elseif i == strong then
      text = self:paint("bold", text)
    end
    self:line(self:paint(i == 1 and "bold" or "dim", format.pad(cells[1], INDENT)) .. text)
  end
  self:line()
end

local function header(page, results, meta)
  local opts = meta.opts
  local left = page:paint("bold", meta.workload) .. "  " .. meta.script
  local seed = "seed " .. string.format("%d", results.seed)
  local used = format.columns(meta.workload) + 2 + format.columns(meta.script)
  local gap = math.max(2, page.width - 2 - used - #seed)
  page:line(left .. (" "):rep(gap) .. page:paint("dim", seed))
  local facts = {
    format.count(opts.node_count, "node"),
    opts.rate == 0 and "no load"
      or string.format("%s operations/s for %s s", format.milliseconds(opts.rate), opts.time_limit),
    opts.latency == 0 and "no latency"
      or string.format("latency %s ms %s", format.milliseconds(opts.latency), opts.latency_dist),
  }
  if meta.workload == "broadcast" then
    table.insert(facts, 2, opts.topology)
  end
  if opts.nemesis[1] then
    facts[#facts + 1] = string.format("%s every %s s", table.concat(opts.nemesis, " and "),
      opts.nemesis_interval)
  end
  for _, part in ipairs(format.wrap(table.concat(facts, page.dot), page.width - 2)) do
    page:line(page:paint("dim", part))
  end
  page:line(page:paint("dim", page.rule:rep(page.width - 2)))
  page:line()
end

local function is_apart(results)
  return results.converged and results.converged["valid?"] == false
end

-- What is wrong beside the workload's own rules.
local function general_wrongs(results, opts, wrong)
  if is_apart(results) then
    convergence.bad(results.converged, wrong)
  end
  if results.exceptions["valid?"] == false then
    wrong[#wrong + 1] = format.count(#results.exceptions.exceptions, "problem") .. " in the nodes"
  end
  for _, f in ipairs(sorted.keys(results.stats["by-f"])) do
    if results.stats["by-f"][f]["valid?"] == false then
      wrong[#wrong + 1] = "no " .. f .. " succeeded"
    end
  end
  if results.availability["valid?"] == false then
    local asked = opts.availability
    wrong[#wrong + 1] = string.format("availability %.4f where %s was asked",
      results.availability["ok-fraction"], asked == "total" and "1" or tostring(asked))
  end
end

-- What is to be said of a run: glyph, colour, word and sentence.
local function judge(results, meta, phrases)
  local valid = results["valid?"]
  if valid == true then
    return "good", "green", "VALID", phrases.good(results.workload)
  elseif valid == "unknown" then
    local failure = results.workload.error
    if results.interrupted then
      return "unknown", "yellow", "UNKNOWN", "interrupted: this is what there was until then"
    end
    return "unknown", "yellow", "UNKNOWN",
      failure and "the workload's checker failed: " .. failure:match("^[^\n]*") or phrases.unknown
  end
  local wrong = {}
  if results.workload["valid?"] == false then
    phrases.bad(results.workload, wrong)
  end
  general_wrongs(results, meta.opts, wrong)
  return "bad", "red", "INVALID", table.concat(wrong, ", ")
end

local function verdict(page, results, meta, phrases)
  local kind, color, name, said = judge(results, meta, phrases)
  local mark = page[kind] .. " " .. name
  for i, part in ipairs(format.wrap(said, page.width - INDENT - 2)) do
    local left = format.pad(i == 1 and mark or "", INDENT)
    page:line(page:paint(color, left) .. page:paint("bold", part))
  end
  page:line()
end

local function explanations(page, results, phrases)
  local before = #page.lines
  if results.workload["valid?"] == false then
    phrases.explain(results.workload, page)
  end
  if is_apart(results) then
    convergence.explain(results.converged, page)
  end
  for i, problem in ipairs(results.exceptions.exceptions) do
    if i <= EXAMPLES then
      page:row(i == 1 and "Nodes" or "", string.format("%s at %s: %s", problem.node,
        format.seconds(problem.time), format.cut(problem.text:gsub("%c", "?"), 200)))
    end
  end
  if phrases.note and not results.workload.error then
    phrases.note(results.workload, page)
  end
  if #page.lines > before then
    page:line()
  end
end

local function messages(page, net)
  local rows = { { "Messages", "per op", "sent", "received" } }
  for _, kind in ipairs({ "servers", "clients", "all" }) do
    local counts = net[kind]
    local names = { servers = "between servers", clients = "with clients", all = "all" }
    rows[#rows + 1] = {
      names[kind], counts["msgs-per-op"] and format.ratio(counts["msgs-per-op"]) or "",
      format.whole(counts["msg-count"]), format.whole(counts["recv-count"]),
    }
  end
  page:cells(rows, 2)
end

local function latencies(page, results)
  local rows = { { "Milliseconds", "least", "median", "95%", "99%", "most", "mean" } }
  local stable = results.workload["stable-latencies"]
  if stable then
    rows[2] = { "stable everywhere" }
    for i, point in ipairs({ "0", "0.5", "0.95", "0.99", "1" }) do
      rows[2][i + 1] = format.milliseconds(stable[point])
    end
  end
  local by_f = results.perf.latencies
  for _, f in ipairs(sorted.keys(by_f)) do
    local row = { f .. " answered" }
    for i, key in ipairs({ "min", "median", "p95", "p99", "max", "mean" }) do
      row[i + 1] = format.milliseconds(by_f[f][key])
    end
    rows[#rows + 1] = row
  end
  if #rows > 1 then
    page:cells(rows, stable and 2)
  end
end

-- The distribution of stable latencies as bars over a scale of round milliseconds.
local function distribution(page, list)
  local counts, width = stats.histogram(list, page.width - INDENT - 6)
  if #counts < 2 then
    return
  end
  local highest = math.max(table.unpack(counts))
  local levels = #page.blocks
  for row = BAR_ROWS - 1, 0, -1 do
    local bars = {}
    for i, n in ipairs(counts) do
      local filled = math.max(n > 0 and 1 or 0, n * BAR_ROWS * levels // highest) - row * levels
      bars[i] = filled <= 0 and " " or page.blocks[math.min(filled, levels)]
    end
    page:line(page:paint("dim", format.pad(row == BAR_ROWS - 1 and "Stable latency" or "", INDENT))
      .. page:paint("cyan", table.concat(bars):match("^(.-) *$")))
  end
  local scale = "0"
  for quarter = 1, 4 do
    local at = #counts * quarter // 4
    if (#counts >= 32 or quarter % 2 == 0) and at > #scale + 1 then
      scale = format.pad(scale, at) .. format.whole(at * width)
    end
  end
  page:line(page:paint("dim", format.pad("milliseconds", INDENT) .. scale))
  page:line()
end

local function fault_windows(page, faults, duration_us)
  if #faults == 0 then
    return
  end
  local width = page.width - INDENT - 14
  duration_us = math.max(1, duration_us) -- a run may end before it begins
  local line = {}
  for i = 1, width do
    line[i] = page.calm
  end
  for _, fault in ipairs(faults) do
    local first = fault.from_us * width // duration_us + 1
    local last = math.min(width, fault.to_us * width // duration_us + 1)
    for i = first, last do
      line[i] = page.fault
    end
  end
  page:row("Faults", table.concat(line) .. string.format(" %.0f s", duration_us / 1e6))
  for i = 1, math.min(FAULTS, #faults) do
    local fault = faults[i]
    local window = string.format("%.1f%s%.1f s", fault.from_us / 1e6, page.to, fault.to_us / 1e6)
    page:row_at(INDENT + 15, (" "):rep(INDENT) .. window, fault.text)
  end
  if #faults > FAULTS then
    page:row("", "and " .. format.whole(#faults - FAULTS) .. " more")
  end
end

local function footer(page, results, meta)
  local counts = results.stats
  local text = string.format("%.4f%s%s of %s ok", results.availability["ok-fraction"], page.dot,
    format.whole(counts["ok-count"]), format.count(counts.count, "operation"))
  page:row("Availability", text)
  if results.converged and not is_apart(results) then
    page:row("Converged", convergence.good(results.converged))
  end
  local errors = {}
  for _, name in ipairs(sorted.keys(counts["by-error"])) do
    errors[#errors + 1] = name .. " " .. format.whole(counts["by-error"][name])
  end
  if errors[1] then
    page:row("Errors", table.concat(errors, page.dot))
  end
  local longest = results.net.servers["longest-line"]
  if longest then
    page:row("Longest line", ("%s, from %s to %s"):format(format.count(longest.bytes, "byte"),
      longest.src, longest.dest))
  end
  if meta.crash then
    page:row("First crash", meta.crash)
  end
  fault_windows(page, meta.faults or {}, meta.duration_us)
  if results.fingerprint then
    page:row("Fingerprint", results.fingerprint)
  end
  if meta.store then
    page:row("Results", meta.store)
    page:row("Report", meta.has_report and meta.store .. "/report.html"
      or "./sim report " .. meta.store)
  end
  page:line(page:paint("dim", "Run it again"))
  for _, part in ipairs(format.shell_lines(meta.command, page.width - 3)) do
    page:line("  " .. part)
  end
end

--- The verdict in one line.
-- @tparam table results what results.build returned
-- @tparam table meta opts and workload, as for render
-- @treturn string such as "INVALID: 3 values lost"
function screen.verdict(results, meta)
  local _, _, name, said = judge(results, meta, words[meta.workload])
  return name .. ": " .. said
end

--- The page for a run.
-- @tparam table results what results.build returned
-- @tparam table meta
--
--   - opts: what options.parse returned; workload: its name; script: what ran, for the header
--   - details: what results.build returned second
--   - faults: `{from_us, to_us, text}` each, in order; duration_us: how long the run was
--   - crash: what the first error of the kind `crash` said, or nil
--   - store: where its files are, or nil; has_report: whether its page is there
--   - command: what repeats it
-- @tparam[opt] table style `color`: with ANSI colours; `ascii`: without Unicode signs; `width`:
--   columns there are, of which 60 to 80 are used (default: 80)
-- @treturn string; ends with a line feed
function screen.render(results, meta, style)
  style = style or {}
  local page = setmetatable({ lines = {}, color = style.color,
    width = math.max(NARROWEST, math.min(WIDTH, style.width or WIDTH)) }, Page)
  for name, glyph in pairs(style.ascii and ASCII or UNICODE) do
    page[name] = glyph
  end
  local phrases = words[meta.workload]
  page:line()
  header(page, results, meta)
  verdict(page, results, meta, phrases)
  explanations(page, results, phrases)
  messages(page, results.net)
  latencies(page, results)
  distribution(page, meta.details.workload.stable_latencies or {})
  footer(page, results, meta)
  return table.concat(page.lines, "\n") .. "\n"
end

return screen
