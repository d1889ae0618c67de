--- Numbers, times and lines of text for people.
-- @module sim.format

local value = require "sim.checkers.value"

local format = {}

--- How many columns a text takes.
-- @tparam string text in UTF-8
-- @treturn integer
function format.columns(text)
  return utf8.len(text) or #text
end

--- A text filled up with spaces on the right.
-- @tparam string text
-- @tparam integer width in columns
-- @treturn string
function format.pad(text, width)
  return text .. (" "):rep(width - format.columns(text))
end

--- A text filled up with spaces on the left.
-- @tparam string text
-- @tparam integer width in columns
-- @treturn string
function format.pad_left(text, width)
  return (" "):rep(width - format.columns(text)) .. text
end

--- Breaks a text at spaces.
-- @tparam string text
-- @tparam integer width in columns; a longer word gets a line of its own
-- @treturn {string,...} lines
function format.wrap(text, width)
  local lines, line = {}, nil
  for word in text:gmatch("%S+") do
    if line and format.columns(line) + 1 + format.columns(word) > width then
      lines[#lines + 1] = line
      line = word
    else
      line = line and line .. " " .. word or word
    end
  end
  lines[#lines + 1] = line
  return lines
end

--- Breaks a shell command before its options, with backslashes, so that it can still be copied.
-- @tparam string command
-- @tparam integer width in columns
-- @treturn {string,...} lines
function format.shell_lines(command, width)
  local lines, line, open_quote, from = {}, "", nil, 1
  local function take(part)
    if line ~= "" and format.columns(line) + format.columns(part) > width - 2 then
      lines[#lines + 1] = line .. " \\"
      line = " "
    end
    line = line .. part
  end
  for at = 1, #command do
    local char = command:sub(at, at)
    if open_quote == char then
      open_quote = nil
    elseif not open_quote and (char == '"' or char == "'") then
      open_quote = char
    elseif not open_quote and command:find("^ %-", at) then
      take(command:sub(from, at - 1))
      from = at
    end
  end
  take(command:sub(from))
  lines[#lines + 1] = line
  return lines
end

--- A whole number with commas: 1,700.
-- @tparam number n rounded
-- @treturn string
function format.whole(n)
  local text = string.format("%d", math.floor(n + 0.5))
  local changed
  repeat
    text, changed = text:gsub("^(-?%d+)(%d%d%d)", "%1,%2")
  until changed == 0
  return text
end

--- A time in milliseconds, with as many digits as matter.
-- @tparam number ms
-- @treturn string
function format.milliseconds(ms)
  if ms >= 100 or ms == math.floor(ms) then
    return format.whole(ms)
  end
  return string.format(ms >= 1 and "%.1f" or "%.2f", ms)
end

--- A number per operation, with as many digits as matter.
-- @tparam number x
-- @treturn string
function format.ratio(x)
  if x == 0 or x >= 10 then
    return string.format("%.1f", x)
  end
  return string.format(x >= 0.1 and "%.2f" or "%.4f", x)
end

--- A number with its noun: "1 value", "2,000 values".
-- @tparam integer n
-- @tparam string singular
-- @tparam[opt] string plural default: with an s
-- @treturn string
function format.count(n, singular, plural)
  return format.whole(n) .. " " .. (n == 1 and singular or plural or singular .. "s")
end

--- A moment of a run: "1.250 s".
-- @tparam number ns nanoseconds, as in results
-- @treturn string
function format.seconds(ns)
  return string.format("%.3f s", ns / 1e9)
end

--- A text, cut when it is long.
-- @tparam string text
-- @tparam integer width in columns at most
-- @treturn string
function format.cut(text, width)
  if format.columns(text) <= width then
    return text
  end
  local ending = utf8.len(text) and utf8.offset(text, width - 1) or width - 1
  return text:sub(1, ending - 1) .. ".."
end

--- The JSON text of a value, cut when it is long.
-- @param v a value
-- @treturn string 40 columns at most
function format.short(v)
  return format.cut(value.text(v), 40)
end

return format
