--- What --help prints, made from sim.commands and sim.options.
-- @module sim.help

local commands = require "sim.commands"
local format = require "sim.format"
local options = require "sim.options"

local WIDTH, COLUMN = 80, 33 -- where what is said of an option begins
local NARROW = 70 -- columns, below which that has lines of its own

local help = {}

-- The page under construction.
local Page = {}
Page.__index = Page

function Page:line(text)
  self[#self + 1] = (text or "") .. "\n"
end

function Page:paragraph(text, indent)
  for _, line in ipairs(format.wrap(text, self.width - (indent or 0))) do
    self:line((" "):rep(indent or 0) .. line)
  end
end

-- A name, and from a column on a text that may take several lines.
function Page:row(name, text, column)
  if self.width < NARROW then
    self:line(name)
    return self:paragraph(text, 10)
  end
  for i, line in ipairs(format.wrap(text, self.width - column)) do
    self:line(format.pad(i == 1 and name or "", column) .. line)
  end
end

function Page:text()
  return table.concat(self)
end

-- What is done, as a comment, and the command. It is broken at options, so that it can be copied.
function Page:example(example)
  self:line("  # " .. example[1])
  for _, line in ipairs(format.shell_lines("./sim " .. example[2], self.width - 2)) do
    self:line("  " .. line)
  end
end

local function new_page(width)
  return setmetatable({ width = math.max(40, math.min(WIDTH, width or WIDTH)) }, Page)
end

--- What is said of an option.
-- @tparam table option see options.of
-- @treturn string without its default
-- @treturn string its default; or nil
function help.of_option(option)
  local shown = option.shown or (option.takes and option.default)
  return type(option.help) == "function" and option.help() or option.help,
    shown and tostring(shown) or nil
end

--- The exit statuses of a command, its own and those of all.
-- @tparam table command
-- @treturn {{integer,string},...}
function help.statuses(command)
  local all = table.move(command.status, 1, #command.status, 1, {})
  return table.move(commands.statuses, 1, #commands.statuses, #all + 1, all)
end

--- The text of `./sim COMMAND --help`.
-- @tparam string name of the command
-- @tparam[opt=80] integer width columns of the terminal; more than 80 are not used
-- @treturn string
function help.command(name, width)
  local command, page = commands.find(name), new_page(width)
  for i, form in ipairs(command.usage) do
    page:line((i == 1 and "Usage: " or "       ") .. "./sim " .. name .. " " .. form)
  end
  for _, text in ipairs(command.about) do
    page:line()
    page:paragraph(text)
  end
  page:line()
  page:line("Examples:")
  for _, example in ipairs(command.examples) do
    page:example(example)
  end
  local has_title = false
  for _, option in ipairs(options.of(name)) do
    if option.title or not has_title then
      page:line()
      page:line((option.title or "Options") .. ":")
      has_title = true
    end
    if option.name then
      local text, default = help.of_option(option)
      page:row((option.short and "  -" .. option.short .. ", --" or "      --") .. option.name
        .. (option.takes and " " .. option.takes or ""),
        default and ("%s (default: %s)"):format(text, default) or text, COLUMN)
    end
  end
  local statuses = {}
  for i, status in ipairs(help.statuses(command)) do
    statuses[i] = ("%d %s"):format(status[1], status[2])
  end
  page:line()
  page:paragraph("Exit status: " .. table.concat(statuses, ", ") .. ".")
  return page:text()
end

--- The text of `./sim --help`, which a terminal of 24 lines can show.
-- @tparam[opt=80] integer width columns of the terminal
-- @treturn string
function help.overview(width)
  local page = new_page(width)
  page:line("Usage: ./sim COMMAND [OPTIONS]")
  page:paragraph("Runs clusters of Hearsay nodes in virtual time, with faults, and judges them.")
  page:line()
  page:line("Commands:")
  for _, command in ipairs(commands.list) do
    page:row("  " .. command.name, command.summary, 14)
  end
  page:line()
  page:line("To begin:")
  page:example(commands.find("test").examples[1])
  page:example(commands.find("watch").examples[1])
  page:line()
  page:paragraph("./sim help COMMAND tells how each is used, with examples.")
  for _, topic in ipairs(commands.topics) do
    page:paragraph(("./sim help %s tells of %s."):format(topic[1], topic[2]))
  end
  return page:text()
end

return help
