--- The table of `./sim compare`: as wide as it needs, folded where a terminal is narrower, or CSV.
-- @module sim.comparison

local format = require "sim.format"

local comparison = {}

-- heading, key, format of a number, short heading
local COLUMNS = {
  { "script", "script" }, { "topology", "topology" },
  { "messages/op", "msgs_per_op", "%.3f" }, { "median ms", "median", "%.0f" },
  { "most ms", "most", "%.0f" }, { "verdict", "valid" },
  { "under faults: messages/op", "fault_msgs_per_op", "%.3f", "faults: msgs/op" },
  { "most ms", "fault_most", "%.0f" }, { "verdict", "fault_valid" },
}
local NAMES = 2 -- columns that say what it is

-- The texts of a table, the headings first.
local function texts_of(rows, is_short)
  local texts = { {} }
  for i, column in ipairs(COLUMNS) do
    texts[1][i] = is_short and column[4] or column[1]
  end
  for r, row in ipairs(rows) do
    texts[r + 1] = {}
    for i, column in ipairs(COLUMNS) do
      local value = row[column[2]]
      texts[r + 1][i] = column[3] and column[3]:format(value or 0) or tostring(value)
    end
  end
  return texts
end

-- The lines of the columns from first to last.
local function align(texts, first, last)
  local widths, lines = {}, {}
  for _, line in ipairs(texts) do
    for i = first, last do
      widths[i] = math.max(widths[i] or 0, format.columns(line[i]))
    end
  end
  for r, line in ipairs(texts) do
    local cells = {}
    for i = first, last do
      cells[#cells + 1] = COLUMNS[i][3] and format.pad_left(line[i], widths[i])
        or format.pad(line[i], widths[i])
    end
    lines[r] = (table.concat(cells, "  "):gsub(" +$", ""))
  end
  return lines
end

local function widest(lines)
  local width = 0
  for _, line in ipairs(lines) do
    width = math.max(width, format.columns(line))
  end
  return width
end

-- A figure a line, for very narrow terminals.
local function list(texts, bold)
  local out = {}
  for r = 2, #texts do
    out[#out + 1] = bold(texts[r][1] .. "  " .. texts[r][2])
    for i = NAMES + 1, #COLUMNS do
      out[#out + 1] = "  " .. format.pad(texts[1][i], 17) .. texts[r][i]
    end
  end
  return out
end

--- The table.
-- @tparam {table,...} rows by the keys of the columns
-- @tparam[opt] table style `color`; `width`: columns of the terminal, nil for any
-- @treturn string
function comparison.render(rows, style)
  style = style or {}
  local function bold(text)
    return style.color and "\27[1m" .. text .. "\27[0m" or text
  end
  local lines = align(texts_of(rows), 1, #COLUMNS)
  if widest(lines) > (style.width or math.huge) then
    local texts = texts_of(rows, true)
    local figures = align(texts, NAMES + 1, #COLUMNS)
    if widest(figures) + 2 > style.width then
      return table.concat(list(texts, bold), "\n") .. "\n"
    end
    lines = { "  " .. figures[1] }
    for r = 2, #texts do
      lines[#lines + 1] = texts[r][1] .. "  " .. texts[r][2]
      lines[#lines + 1] = "  " .. figures[r]
    end
  end
  lines[1] = bold(lines[1])
  return table.concat(lines, "\n") .. "\n"
end

--- The table as CSV (RFC 4180, with line feeds).
-- @tparam {table,...} rows
-- @treturn string
function comparison.csv(rows)
  local out = {}
  for _, line in ipairs(texts_of(rows)) do
    local cells = {}
    for i, text in ipairs(line) do
      cells[i] = text:find('[,"\n]') and '"' .. text:gsub('"', '""') .. '"' or text
    end
    out[#out + 1] = table.concat(cells, ",") .. "\n"
  end
  return table.concat(out)
end

return comparison
