--- What changed in the figures from one run to the next, for people who edit a script.
-- @module sim.changes

local format = require "sim.format"
local sorted = require "hearsay.sorted"

local changes = {}

local LABEL, CELL, CHANGE = 36, 10, 12 -- columns

local COLORS = { dim = "2", bold = "1", better = "32", worse = "31", VALID = "1;32",
  INVALID = "1;31", UNKNOWN = "1;33" }

local UNICODE = { more = "▲ ", less = "▼ ", VALID = "✔", INVALID = "✘", UNKNOWN = "?" }
local ASCII = { more = "+", less = "-", VALID = "*", INVALID = "X", UNKNOWN = "?" }

local function add(list, name, number, kind)
  if number then
    list[#list + 1] = { name = name, value = number, kind = kind }
  end
end

local function add_points(list, name, points)
  if points then
    add(list, name .. ", median ms", points["0.5"], "ms")
    add(list, name .. ", 99% ms", points["0.99"], "ms")
    add(list, name .. ", most ms", points["1"], "ms")
  end
end

--- The figures of a run that are put beside those of the next.
-- @tparam table built see sim.results
-- @treturn {table,...} {name, value, kind}; kind is `ratio`, `ms`, `count` or `part`, of which more
--   is better, as less is of the others
function changes.figures(built)
  local list = {}
  add(list, "messages/op between servers", built.net.servers["msgs-per-op"], "ratio")
  add(list, "messages/op in all", built.net.all["msgs-per-op"], "ratio")
  local longest = built.net.servers["longest-line"]
  add(list, "longest line, bytes", longest and longest.bytes, "count")
  add_points(list, "stable everywhere", built.workload["stable-latencies"])
  add_points(list, "polls behind", built.workload["realtime-lag"])
  for _, f in ipairs(sorted.keys(built.perf.latencies)) do
    local latencies = built.perf.latencies[f]
    add(list, f .. " answered, median ms", latencies.median, "ms")
    add(list, f .. " answered, most ms", latencies.max, "ms")
  end
  add(list, "operations ok", built.availability["ok-fraction"], "part")
  return list
end

local SHOW = {
  ratio = format.ratio, ms = format.milliseconds, count = format.whole,
  part = function(x) return ("%.2f %%"):format(x * 100) end,
}

-- How much more or less: "▼ 71 %", or "▲ 12 x", twelve times as much. Figures that look the same
-- are the same.
local function change(before, now, kind, glyphs)
  if not before or SHOW[kind](before) == SHOW[kind](now) then
    return "", nil
  end
  local glyph = now > before and glyphs.more or glyphs.less
  local color = (now > before) == (kind == "part") and "better" or "worse"
  if before == 0 then
    return glyph .. "from 0", color
  end
  if now / before >= 10 then
    return glyph .. format.whole(now / before) .. " x", color
  end
  local percent = math.abs(now / before - 1) * 100
  return glyph .. (percent >= 10 and format.whole(percent) or ("%.1f"):format(percent)) .. " %",
    color
end

--- What a run found, beside the run before.
-- @tparam[opt] table before `verdict` (VALID: ..), `figures` (see changes.figures), `fingerprint`
-- @tparam table now the same; and `crash`, what the first error in a handler said, or nil
-- @tparam[opt] table style `color`, `ascii`, `width`: see sim.terminal
-- @treturn string lines; each ends with a line feed
function changes.render(before, now, style)
  style = style or {}
  local glyphs = style.ascii and ASCII or UNICODE
  local width = math.max(40, math.min(80, style.width or 80))
  local label = math.min(LABEL, width - 2 * CELL - CHANGE - 1)
  local out = {}
  local function paint(name, text)
    return name and style.color and text ~= "" and "\27[" .. COLORS[name] .. "m" .. text .. "\27[0m"
      or text
  end
  local function line(text)
    out[#out + 1] = (" " .. text):gsub(" +$", "") .. "\n"
  end

  local word, said = now.verdict:match("^(%u+): (.*)$")
  local was = before and before.verdict:match("^%u+")
  local mark = glyphs[word] .. " " .. word .. (was and was ~= word and " (was " .. was .. ")" or "")
  local indent = format.columns(mark) + 2
  for i, part in ipairs(format.wrap(said, width - indent - 1)) do
    line(paint(word, format.pad(i == 1 and mark or "", indent)) .. part)
  end
  if now.crash then
    line(paint("worse", now.crash))
  end
  if before and before.fingerprint == now.fingerprint then
    line(paint("dim", "the same run, to the last message"))
    return table.concat(out)
  end
  local old = {}
  for _, figure in ipairs(before and before.figures or {}) do
    old[figure.name] = figure.value
  end
  line(paint("dim", format.pad("", label) .. (before and format.pad_left("before", CELL) or "")
    .. format.pad_left("now", CELL)))
  for _, figure in ipairs(now.figures) do
    local past = old[figure.name]
    local moved, color = change(past, figure.value, figure.kind, glyphs)
    line(format.pad(format.cut(figure.name, label - 1), label)
      .. (before and paint("dim", format.pad_left(past and SHOW[figure.kind](past) or "", CELL))
        or "")
      .. paint(moved ~= "" and "bold", format.pad_left(SHOW[figure.kind](figure.value), CELL))
      .. (moved ~= "" and "  " .. paint(color, moved) or ""))
  end
  return table.concat(out)
end

return changes
