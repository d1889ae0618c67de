--- What the terminal can show.
-- @module sim.terminal

local terminal = {}

-- A variable of the environment; one that is empty counts as not set, as POSIX has it for locales.
local function set(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Whether a stream is a terminal.
-- @tparam[opt=1] integer descriptor 1 is standard output, 2 standard error
function terminal.is_terminal(descriptor)
  return os.execute(("test -t %d"):format(descriptor or 1)) == true
end

--- A bar that shows how much is done, in 32 columns.
-- @tparam number done
-- @tparam number all
-- @treturn string
function terminal.bar(done, all)
  local width = 30
  local filled = math.min(width, math.floor(done * width / all))
  return "[" .. ("#"):rep(filled) .. ("."):rep(width - filled) .. "]"
end

--- How to print: colours on a terminal unless NO_COLOR is set, Unicode where the locale has it.
-- @tparam[opt=false] boolean plain no colours
-- @treturn table {color, ascii}, for sim.screen
function terminal.style(plain)
  local locale = set("LC_ALL") or set("LC_CTYPE") or set("LANG") or ""
  return {
    color = not plain and os.getenv("NO_COLOR") == nil and terminal.is_terminal(),
    ascii = not locale:upper():find("UTF%-?8"),
  }
end

return terminal
