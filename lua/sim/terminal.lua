--- What the terminal can show.
-- @module sim.terminal

local screen = require "hearsay.terminal"

local terminal = {}

-- A variable of the environment; one that is empty counts as not set, as POSIX has it for locales.
local function set(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Whether a stream is a terminal.
-- @function terminal.is_terminal
-- @tparam integer descriptor 1 is standard output, 2 standard error
terminal.is_terminal = screen.is_terminal

--- How wide a terminal is.
-- @function terminal.columns
-- @tparam integer descriptor
-- @treturn integer columns; nil when it is no terminal, or does not know
terminal.columns = screen.columns

--- Whether a stream is a terminal on which a line can be drawn again.
-- @tparam integer descriptor
-- @treturn boolean
function terminal.is_live(descriptor)
  return screen.is_terminal(descriptor) and os.getenv("TERM") ~= "dumb"
end

--- How to print: colours on a terminal unless NO_COLOR is set, Unicode where the locale has it.
-- @tparam table opts of the command line: `color`, a word; `json`, whether that is all that is
--   printed
-- @treturn table {color, ascii, width}, for sim.screen
function terminal.style(opts)
  local locale = set("LC_ALL") or set("LC_CTYPE") or set("LANG") or ""
  return {
    color = not opts.json and screen.has_color(1, opts.color),
    ascii = not locale:upper():find("UTF%-?8"),
    width = terminal.columns(1),
  }
end

return terminal
