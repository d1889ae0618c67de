-- What a page of the documentation claims that can be looked up: that commands, their options and
-- arguments exist, make targets, files, links and their headings, modules and functions of the Lua
-- API. claims.check(path, text) returns a list of what is not so.

package.path = "scripts/?.lua;" .. package.path

local commands = require "sim.commands"
local documented = require "docs.files"
local options = require "sim.options"
local page = dofile("tests/docs/page.lua")
local types = require "docs.types"

local claims = {}

local function read(path)
  local file = io.open(path)
  local text = file and file:read("a")
  if file then
    file:close()
  end
  return text
end

local function exists(path)
  return os.rename(path, path) ~= nil
end

-- Whether there is a file of this name in any folder.
local function is_somewhere(name)
  local pipe = assert(io.popen(("find challenges core lua scripts tests vendor -name '%s'")
    :format(name)))
  local found = pipe:read("l")
  pipe:close()
  return found ~= nil
end

local output_of
do
  local known = {}
  function output_of(command)
    if not known[command] then
      local pipe = assert(io.popen(command .. " 2>&1 </dev/null"))
      local text = pipe:read("a")
      known[command] = { text, (pipe:close()) }
    end
    return table.unpack(known[command])
  end
end

-- Words as a shell splits them, as far as our pages need it; a command ends where a comment, a pipe
-- or another command begins.
local function words_of(command)
  local words, word, quote = {}, nil, nil
  for at = 1, #command do
    local char = command:sub(at, at)
    if quote then
      if char == quote then
        quote = nil
      else
        word = word .. char
      end
    elseif char == '"' or char == "'" then
      quote, word = char, word or ""
    elseif char:find("%s") then
      words[#words + 1], word = word, nil
    elseif not word and char:find("[#|;&]") then
      return words
    else
      word = (word or "") .. char
    end
  end
  words[#words + 1] = word
  return words
end

-- Words that stand for others: SCRIPT, DIR, N, mine.lua, "..".
local function is_placeholder(word)
  return word:find("%f[%w]%u[%u_]+%f[%W]") or word:find("^%u$") or word:find("..", 1, true)
    or word:find("my", 1, true) or word:find("your", 1, true)
end

-- Scripts --------------------------------------------------------------------

-- "./node [OPTIONS] SCRIPT [ARGUMENTS]", also as the value of --bin.
local function check_node(words, made, complain)
  local help = output_of("./node --help")
  local at = 2
  while words[at] and words[at]:find("^%-") do
    local option = words[at]
    if not help:find(option:gsub("%p", "%%%0") .. "%f[^%w-]") then
      complain("./node has no option " .. option)
    end
    local takes = help:match("%f[%w-]" .. option:gsub("%p", "%%%0") .. " (%u+)")
    at = at + (takes and takes ~= "SCRIPT" and takes ~= "FILE" and 2 or 1)
  end
  local script = words[at]
  if not script or made[script] or is_placeholder(script) or script:find("^mine") then
    return
  elseif not exists(script) then
    return complain("there is no script " .. script)
  elseif words[2] ~= "--lua" and script:find("^challenges/") then
    local text, ok = output_of(("./node --check %s %s"):format(script, table.concat(words, " ",
      at + 1)))
    if not ok then
      complain(text:match("^[^\n]*"))
    end
  end
end

-- "./sim COMMAND .."; all of it where it can be parsed, else the names of its options.
local function check_sim(words, made, complain)
  local command = words[2]
  if not command or is_placeholder(command) then
    return
  elseif command == "help" then
    local text, ok = output_of("./sim help " .. (words[3] or ""))
    return ok or complain(text:match("^[^\n]*"))
  elseif command:find("^%-") then
    return command == "--help" or command == "--version" or complain("./sim " .. command)
  end
  local help, ok = output_of(("./sim %s --help"):format(command))
  if not ok then
    return complain(help:match("^[^\n]*"))
  end
  local args, has_placeholder = {}, false
  for i = 3, #words do
    local word = words[i]
    if word == "--" then
      break
    end
    args[#args + 1] = word
    has_placeholder = has_placeholder or made[word] or is_placeholder(word)
    local option = word:match("^%-%-?[%a-]+")
    if option and not help:find("%f[%w-]" .. option:gsub("%p", "%%%0") .. "%f[^%w-]") then
      complain(("./sim %s has no option %s"):format(command, option))
    elseif word:find("^%./node ") then
      check_node(words_of(word), made, complain)
    elseif word:find("^challenges/") then
      check_node(words_of("./node " .. word), made, complain)
    end
  end
  if not has_placeholder and help:find("--bin PROGRAM", 1, true) and args[1] then
    local opts, message = options.parse(args, command)
    if not opts and not message:find("--bin is missing", 1, true) then
      complain(message)
    end
  end
end

local function check_make(words, _, complain)
  local makefile = read("Makefile")
  for i = 2, #words do
    local variable = words[i]:match("^([%u_]+)=")
    if variable then
      if not makefile:find("%f[%w]" .. variable .. "%f[%W]")
        and not read("scripts/deps"):find("%f[%w]" .. variable .. "%f[%W]") then
        complain("the Makefile knows no " .. variable)
      end
    elseif words[i]:find("^[%l-]+$") and not words[i]:find("^%-")
      and not makefile:find("\n" .. words[i]:gsub("%-", "%%-") .. ":")
      and not makefile:find("\n[%w ]*%f[%w]" .. words[i]:gsub("%-", "%%-") .. "%f[%W][%w ]*:") then
      complain("there is no target " .. words[i])
    end
  end
end

local programs = { ["./sim"] = check_sim, ["./node"] = check_node, make = check_make }

-- Options of Maelstrom's test, which ours has by the same names.
function programs.maelstrom(words, made, complain)
  local ours, at = { "./sim", "test" }, 3
  while words[at] and words[at] ~= "--" do
    ours[#ours + 1] = words[at]
    at = at + 1
  end
  check_sim(ours, made, complain)
end

-- The commands of a page, with its lines that go on joined: those of its sh blocks, of blocks that
-- are indented, and in backticks.
local function each_command(text, visit)
  for _, block in ipairs(page.blocks(text)) do
    if block.language == "sh" then
      for line in (block.text:gsub("\\\n%s*", "")):gmatch("[^\n]+") do
        visit(line)
      end
    end
  end
  local prose = text:gsub("```.-\n```", "")
  for line in prose:gmatch("[^\n]+") do
    if line:find("^    %S") then
      visit((line:gsub("^ +", "")))
    end
  end
  for code in prose:gmatch("`([^`\n]+)`") do
    visit(code)
  end
end

local function check_commands(text, made, complain)
  each_command(text, function(command)
    local words = words_of(command)
    local check = programs[words[1]]
    if check then
      check(words, made, complain)
    end
  end)
end

-- Names ----------------------------------------------------------------------

local FOLDERS = { "challenges", "core", "lua", "scripts", "tests", "vendor" }

local function check_paths(text, folder, made, complain)
  for _, top in ipairs(FOLDERS) do
    for path in text:gmatch("%f[%w./]" .. top .. "/[%w_/.%-]*[%w]") do
      if not exists(path) and not exists(folder .. path) and not path:find("vendor/local", 1, true)
      then
        complain("there is no file " .. path)
      end
    end
  end
  for path in text:gmatch("`([%w_/%-]+%.%l+)`") do
    if path:find("%.lua$") or path:find("%.md$") or path:find("/.*%.[ch]$") then
      local is_there = exists(path) or exists(folder .. path) or exists("lua/" .. path)
        or not path:find("/", 1, true) and is_somewhere(path)
      if not is_there and not made[path] and not path:find("^m[iy]") then
        complain("there is no file " .. path)
      end
    end
  end
  for option in text:gsub("```.-\n```", ""):gmatch("`(%-%-[%l-]+)[` ]") do
    local help = output_of("./node --help") .. output_of("./sim --help")
    for _, command in ipairs(commands.names()) do
      help = help .. output_of("./sim " .. command .. " --help")
    end
    local is_other = option == "--bin" or option == "--wrap"
    if not is_other and not help:find(option:gsub("%p", "%%%0") .. "%f[^%w-]") then
      complain("nothing has an option " .. option)
    end
  end
end

-- The anchor of a heading, as GitHub makes it.
local function anchor_of(heading)
  return (heading:lower():gsub("`", ""):gsub("[^%w%s_-]", ""):gsub("%s", "-"))
end

local function has_anchor(text, anchor)
  for heading in ("\n" .. text:gsub("```.-\n```", "")):gmatch("\n#+ ([^\n]+)") do
    if anchor_of(heading) == anchor then
      return true
    end
  end
  return false
end

local function check_links(text, folder, complain)
  for target in text:gsub("```.-\n```", ""):gmatch("%]%(([^)%s]+)%)") do
    if not target:find("^https?://") then
      local file, anchor = target:match("^([^#]*)#?(.*)$")
      local there = file == "" and text or exists(folder .. file) and folder .. file
      if not there then
        complain("a link to " .. target .. ", which is not there")
      elseif anchor ~= "" and not has_anchor(file == "" and text or read(there), anchor) then
        complain("a link to the heading " .. target .. ", which is not there")
      end
    end
  end
end

-- The API --------------------------------------------------------------------

-- What may stand before a point or a colon, and what behind it.
local subjects, module_names = {}, {}
do
  local _, modules = documented.modules()
  local function add(subject, name)
    subjects[subject] = subjects[subject] or {}
    subjects[subject][name] = true
  end
  for _, module in ipairs(modules) do
    module_names[module.name] = true
    local alias = module.name == "hearsay" and "node" or module.name:match("[^.]+$")
    for _, item in ipairs(module.items) do
      if item.kind == "function" or item.kind == "field" then
        add(item.class and types.snake(item.class) or alias, item.name)
      end
      for _, field in ipairs(item.kind == "fields" and item.fields or {}) do
        add(alias, field.name)
      end
    end
  end
  for name in read("core/bind/bind.c"):gmatch('"(hearsay%.[%w_.]+)"') do
    module_names[name] = true
  end
  subjects.values = subjects.seen -- the usual name of a set
  subjects.err = { code = true, name = true, text = true, definite = true }
end

local function is_module(name)
  if module_names[name] then
    return true
  end
  local owner, last = name:match("^(.*)%.([%w_]+)$") -- hearsay.kv.lin, sim.workloads.echo
  local alias = owner and owner:match("[^.]+$")
  if module_names[owner] and subjects[alias] and subjects[alias][last] then
    return true
  end
  local path = "lua/" .. name:gsub("%.", "/")
  return exists(path) or exists(path .. ".lua")
end

local function check_names(text, complain)
  -- The names of others, on a page that translates them.
  text = text:gsub("\n| Go | here |\n.-\n\n", function(t) return (t:gsub("\n| .- | ", "\n")) end)
    :gsub("\n| Python | here |\n.-\n\n", function(t) return (t:gsub("\n| .- | ", "\n")) end)
  for name in text:gmatch("%f[%w_.#/]hearsay%.[%l_.]+") do
    name = name:gsub("%.+$", "")
    if not name:find("%.lua$") and not name:find("%.[ch]$") and not is_module(name) then
      complain("there is no module " .. name)
    end
  end
  for name in text:gmatch("require[ (]*\"([%w_.]+)\"") do
    if not is_module(name) and name ~= "hearsay" and name ~= "cjson" then
      complain("there is no module " .. name)
    end
  end
  local function check(code)
    for subject, name in code:gmatch("%f[%w_.:]([%l_]+)[.:]([%l_][%w_]*)") do
      local known = subjects[subject]
      if known and not known[name] and not exists(subject .. "." .. name) then
        complain(("%s has no %s (in %s)"):format(subject, name, code))
      end
    end
    for store, method in code:gmatch("kv%.(%l+):([%l_]+)") do
      if not (subjects.kv[store] and subjects.store[method]) then
        complain(("kv.%s has no %s"):format(store, method))
      end
    end
  end
  for code in text:gsub("```.-\n```", ""):gmatch("`([^`\n]+)`") do
    local is_file = code:find("%.lua$") or code:find("%.%l?html?$") or code:find("%.json")
    if (code:find("(", 1, true) or code:find("^[%l_]+[.:][%l_]+$")) and not is_file then
      check(code)
    end
  end
  for _, block in ipairs(page.blocks(text)) do
    if block.language == "lua" then
      check(block.text:gsub('"[^"\n]*"', '""'):gsub("%-%-[^\n]*", ""))
    end
  end
end

-- Pages about something else than Lua, with names of their own.
local OF_OTHERS = { ["lua/sim/report/page/README.md"] = true }

--- What a page claims that is not so.
-- @tparam string path of the page, from the top of the repository
-- @tparam[opt] string text in place of the file's
-- @treturn {string,...}
function claims.check(path, text)
  text = text or read(path)
  local complaints, known, made = {}, {}, {}
  local function complain(what)
    what = path .. ": " .. what
    if not known[what] then
      known[what], complaints[#complaints + 1] = true, what
    end
  end
  for _, block in ipairs(page.blocks(text)) do
    made[block.name or ""] = true
  end
  local folder = path:match("^(.*/)") or ""
  check_commands(text, made, complain)
  check_paths(text, folder, made, complain)
  check_links(text, folder, complain)
  if not OF_OTHERS[path] then
    check_names(text, complain)
  end
  return complaints
end

return claims
