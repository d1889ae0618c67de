--- Manual pages, in the macros of man(7), made from what --help is made of: sim(1) with a page for
-- each of its commands, and node(1).
-- @module sim.manual

local command_line = require "hearsay.command_line"
local commands = require "sim.commands"
local files = require "sim.files"
local format = require "sim.format"
local help = require "sim.help"
local options = require "sim.options"

local WIDTH = 72 -- of a line of the source
local DATE = "2026-11-21" -- of the version

local manual = {}

-- A text that troff shows as it is. A hyphen of an option or a command must stay one.
local function escape(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("\n([.'])", "\n\\&%1")
    :gsub("^([.'])", "\\&%1"))
end

-- An argument of a macro.
local function argument(text)
  return '"' .. escape(text):gsub('"', '""') .. '"'
end

-- The page under construction.
local Page = {}
Page.__index = Page

function Page:add(pattern, ...)
  self[#self + 1] = pattern:format(...)
end

function Page:section(title)
  self:add(".SH %s", argument(title:upper()))
end

-- Sentences, each beginning a line of the source, as troff wants them.
function Page:text(text)
  for sentence in (text:gsub("([.?!]) (%u)", "%1\n%2") .. "\n"):gmatch("(.-)\n") do
    for _, line in ipairs(format.wrap(sentence, WIDTH)) do
      self:add("%s", escape(line))
    end
  end
end

-- Something in bold, and what it is, indented below.
function Page:item(head, text)
  self:add(".TP\n%s", head)
  self:text(text)
end

function Page:command(text)
  self:add(".nf\n%s\n.fi", escape(text))
end

local function bold(text)
  return "\\fB" .. escape(text) .. "\\fR"
end

local function italic(text)
  return "\\fI" .. escape(text) .. "\\fR"
end

local function new_page(name, summary)
  local page = setmetatable({}, Page)
  page:add(".TH %s 1 %s %s %s", argument(name:upper()), '"' .. DATE .. '"',
    argument("Hearsay " .. command_line.node().version), argument("Hearsay"))
  page:section("name")
  page:add("%s \\- %s", escape(name), escape(summary))
  return page
end

local function usage(page, program, form)
  page:add(".B %s", escape(program))
  page:add("%s", escape(form))
  page:add(".br")
end

local function end_usage(page)
  page[#page] = nil -- the last break
end

local function statuses(page, list)
  page:section("exit status")
  for _, status in ipairs(list) do
    page:item(bold(tostring(status[1])), status[2] .. ".")
  end
end

local function see_also(page, names)
  page:section("see also")
  for i, name in ipairs(names) do
    page:add(".BR %s (1)%s", escape(name), i < #names and " ," or "")
  end
end

-- All pages but one: its name, without those that are itself.
local function others(name)
  local list = {}
  for _, other in ipairs({ "sim", "node" }) do
    list[#list + 1] = other ~= name and other or nil
  end
  for _, other in ipairs(commands.names()) do
    list[#list + 1] = "sim-" .. other ~= name and "sim-" .. other or nil
  end
  return list
end

local function command_page(command)
  local page = new_page("sim-" .. command.name, command.summary)
  page:section("synopsis")
  for _, form in ipairs(command.usage) do
    usage(page, "sim " .. command.name, form)
  end
  end_usage(page)
  page:section("description")
  for i, text in ipairs(command.about) do
    if i > 1 then
      page:add(".PP")
    end
    page:text(text)
  end
  page:section("options")
  for _, option in ipairs(options.of(command.name)) do
    if option.title then
      page:add(".SS %s", argument(option.title))
    else
      local text, default = help.of_option(option)
      page:item((option.short and bold("-" .. option.short) .. ", " or "")
        .. bold("--" .. option.name) .. (option.takes and " " .. italic(option.takes) or ""),
        text .. "." .. (default and (" Default: %s."):format(default) or ""))
    end
  end
  page:section("examples")
  for i, example in ipairs(command.examples) do
    if i > 1 then
      page:add(".PP")
    end
    page:text(example[1]:gsub("^%l", string.upper) .. ":")
    page:add(".PP")
    page:command("  sim " .. example[2])
  end
  statuses(page, help.statuses(command))
  see_also(page, others("sim-" .. command.name))
  return page
end

local function sim_page()
  local page = new_page("sim", "run clusters of Hearsay nodes in virtual time")
  page:section("synopsis")
  usage(page, "sim", "COMMAND [OPTIONS]")
  usage(page, "sim help", "[COMMAND]")
  end_usage(page)
  page:section("description")
  page:text("Runs clusters of nodes, Lua scripts or programs in any language, on a network with "
    .. "latency and faults, and judges what their clients saw. Lua scripts run in virtual time: "
    .. "the same seed gives the same run.")
  page:section("commands")
  for _, command in ipairs(commands.list) do
    page:item(bold(command.name), command.summary:gsub("^%l", string.upper) .. ".")
    page:add("See %s(1).", bold("sim-" .. command.name))
  end
  page:section("files")
  page:text("Each run of sim test leaves a folder, store/WORKLOAD/TIME; store/latest is a link to "
    .. "the newest. In it:")
  for _, file in ipairs(files.list) do
    page:item(italic(file.name), file.about:gsub("^%l", string.upper) .. ".")
  end
  page:section("environment")
  page:item(bold("NO_COLOR"), "When it is set and not empty, no colours are printed unless "
    .. "--color=always asks for them.")
  statuses(page, commands.statuses)
  see_also(page, others("sim"))
  return page
end

local function node_page()
  local node = command_line.node()
  local page = new_page("node", "run a Lua script as a node of a distributed system")
  page:section("synopsis")
  for line in node.usage:gmatch("[^\n]+") do
    usage(page, line:match("^%S+"), line:match("^%S+ (.*)$"))
  end
  end_usage(page)
  page:section("description")
  page:text(node.about)
  page:section("options")
  for _, option in ipairs(node) do
    if option.title then
      page:add(".SS %s", argument(option.title:match("^[^,;]+"):gsub("^%l", string.upper)))
      page:text(option.title:gsub("^%l", string.upper) .. ".")
    else
      local value = option.takes and italic(option.takes)
      page:item(bold(option.name) .. (not value and ""
        or option.optional and "[=" .. value .. "]" or " " .. value),
        option.help:gsub("^%l", string.upper) .. ".")
    end
  end
  page:section("examples")
  for line in node.examples:gmatch("[^\n]+") do
    page:command("  " .. line)
    page:add(".PP")
  end
  page[#page] = nil
  page:section("environment")
  page:item(bold("NO_COLOR"), "When it is set and not empty, --trace has no colours.")
  statuses(page, { { 0, "the input has ended" }, { 1, "the script does not load, or reading or "
    .. "writing failed" }, { 2, "bad options" } })
  see_also(page, others("node"))
  return page
end

--- The pages.
-- @treturn {table,...} {name, text}: the file's name, such as `sim-test.1`, and its text
function manual.pages()
  local pages = { { name = "sim.1", page = sim_page() }, { name = "node.1", page = node_page() } }
  for _, command in ipairs(commands.list) do
    pages[#pages + 1] = { name = "sim-" .. command.name .. ".1", page = command_page(command) }
  end
  for i, page in ipairs(pages) do
    pages[i] = { name = page.name, text = table.concat(page.page, "\n") .. "\n" }
  end
  return pages
end

return manual
