--- The doc comments of a source file, in Lua or C, as data: what the reference, the editor's types
-- and the tests of both are made from, so that a function is described in one place, which is where
-- it is written.
--
-- In Lua a comment begins with three dashes and goes on with two; in C it is `/*** .. */`. Tags are
-- LDoc's, of which these are known, with types as LDoc has them or, without spaces, as the Lua
-- language server has them:
--
--     @module NAME                    of the file's first comment
--     @tparam[opt=1] TYPE name text   a parameter; @param where anything may be given; name.field
--                                     is a field of the parameter before
--     @treturn[2] TYPE text           a result of the second way to return; @return for anything
--     @raise text
--     @table NAME                     a kind of table that no function makes, with its fields
--     @tfield TYPE name text          of such a table; without @table, of the module
--
-- What a comment belongs to is in the line behind it: a function of the module, a method of one of
-- its classes, a field. In C the name is that under which luaL_Reg has the function.
-- @module docs.comments

local comments = {}

local TAGS = { module = true, tparam = true, param = true, treturn = true, ["return"] = true,
  raise = true, table = true, tfield = true }

-- A text as lines, without empty ones at its ends.
local function trim(lines)
  local first, last = 1, #lines
  while lines[first] and not lines[first]:find("%S") do
    first = first + 1
  end
  while last >= first and not lines[last]:find("%S") do
    last = last - 1
  end
  return table.concat(lines, "\n", first, last)
end

-- Takes a type off the front of a text: up to the first space that is in no brackets.
local function take_type(text)
  local depth = 0
  for at = 1, #text do
    local char = text:sub(at, at)
    if char:find("[{(<]") then
      depth = depth + 1
    elseif char:find("[})>]") then
      depth = depth - 1
    elseif char == " " and depth == 0 then
      return text:sub(1, at - 1), text:sub(at + 1)
    end
  end
  return text, ""
end

-- What is said behind a tag: its modifier, such as opt=1, and the rest.
local function take_modifier(text)
  local modifier = text:match("^%b[]")
  return modifier and modifier:sub(2, -2), (text:sub(modifier and #modifier + 1 or 1)
    :gsub("^%s+", "", 1))
end

local readers = {}

function readers.module(item, text)
  item.module = text
end

function readers.table(item, text)
  item.kind, item.name = "table", text
end

function readers.raise(item, text)
  item.raise = text
end

function readers.tparam(item, text)
  local modifier, rest = take_modifier(text)
  local param_type, said = take_type(rest)
  local name, description = said:match("^(%S+)%s*(.*)$")
  local param = {
    name = name, type = param_type, text = description or "",
    is_optional = modifier and modifier:find("^opt") and true or false,
    default = modifier and modifier:match("^opt=(.*)$"), fields = {},
  }
  local owner, field = (name or ""):match("^([%w_]+)%.([%w_]+)$")
  local last = item.params[#item.params]
  if owner then
    if not last or last.name ~= owner then
      error(("line %d: %s is no field of the parameter before it"):format(item.line, name), 0)
    end
    param.name = field
  end
  local list = owner and last.fields or item.params
  for _, other in ipairs(list) do
    if other.name == param.name then
      error(("line %d: %s is there twice"):format(item.line, name), 0)
    end
  end
  list[#list + 1] = param
end

function readers.param(item, text)
  local modifier, rest = take_modifier(text)
  readers.tparam(item, (modifier and "[" .. modifier .. "]" or "") .. " any " .. rest)
end

function readers.treturn(item, text)
  local modifier, rest = take_modifier(text)
  local result_type, description = take_type(rest)
  item.returns[#item.returns + 1] = {
    way = math.tointeger(modifier) or 1, type = result_type, text = description,
  }
end

readers["return"] = function(item, text)
  local modifier, rest = take_modifier(text)
  readers.treturn(item, (modifier and "[" .. modifier .. "]" or "") .. " any " .. rest)
end

function readers.tfield(item, text)
  local field_type, said = take_type(text)
  local name, description = said:match("^(%S+)%s*(.*)$")
  item.fields[#item.fields + 1] = { name = name, type = field_type, text = description }
end

-- A comment's lines as an item without a name.
local function read_comment(lines, line_number)
  local item = { params = {}, returns = {}, fields = {}, line = line_number }
  local tag, said = nil, {}
  local function finish()
    local text = trim(said)
    if tag then
      readers[tag](item, text)
    else
      item.text = text
    end
  end
  for _, line in ipairs(lines) do
    local name, rest = line:match("^@(%a+)(.*)$")
    if name and not TAGS[name] then
      error(("line %d: unknown tag @%s"):format(line_number, name), 0)
    elseif name then
      finish()
      tag, said = name, { (rest:gsub("^ ", "", 1)) }
    else
      said[#said + 1] = tag and line:gsub("^  ", "", 1) or line
    end
  end
  finish()
  return item
end

local function split(text)
  local names = {}
  for name in text:gmatch("[^%s,]+") do
    names[#names + 1] = name
  end
  return names
end

-- Names an item of a Lua file by the code behind it; nil when that is nothing others can see.
local function name_lua(item, code)
  if item.kind == "table" or item.fields[1] then
    item.kind = item.kind or "fields"
    return item
  end
  local owner, mark, name, args = code:match("^function ([%a_][%w_]*)([.:])([%w_]+)(%b())")
  if owner then
    item.kind, item.name, item.args = "function", name, split(args:sub(2, -2))
    item.class = (mark == ":" or owner:find("^%u")) and owner or nil
    return item
  end
  name = code:match("^[%a_][%w_]*%.([%w_]+) = ") or code:match("^  ([%w_]+) = ")
    or code:match("^[%a_][%w_]*%[\"(.-)\"%] = ")
  if name then
    item.kind, item.name = "field", name
    return item
  end
end

local function read_lua(text, file)
  local lines, at = {}, 1
  for line in (text .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line
  end
  while at <= #lines do
    local indent = lines[at]:match("^(%s*)%-%-%-[^-]") or lines[at]:match("^(%s*)%-%-%-$")
    if indent then
      local comment, start = { (lines[at]:gsub("^%s*%-%-%- ?", "", 1)) }, at
      at = at + 1
      while lines[at] and lines[at]:find("^" .. indent .. "%-%-") do
        comment[#comment + 1] = lines[at]:gsub("^%s*%-%- ?", "", 1)
        at = at + 1
      end
      local item = read_comment(comment, start)
      if item.module then
        file.module, file.text = item.module, item.text
      else
        file.items[#file.items + 1] = name_lua(item, table.concat(lines, "\n", at,
          math.min(at + 2, #lines)))
      end
    else
      at = at + 1
    end
  end
end

-- The names under which C functions are registered: C name to {name, class}.
local function read_registrations(text, module)
  local registered = {}
  local last = module:match("[^.]*$")
  for array, body in text:gmatch("const luaL_Reg ([%w_]+)%[%] = (%b{})") do
    for name, c_name in body:gmatch('{"([%w_]+)",%s*([%w_]+)}') do
      local class = not array:find("functions$") and (array:match("^(.+)_methods$") or last) or nil
      if class and class:find(last .. "_", 1, true) == 1 then
        class = last -- one of several tables of the same class's methods
      end
      if not array:find("meta$") then
        registered[c_name] = { name = name, class = class }
      end
    end
  end
  return registered
end

local function read_c(text, file)
  local registered
  for start, comment, stop in text:gmatch("()/%*%*%*(.-)%*/()") do
    local lines = {}
    for line in (comment .. "\n"):gmatch("(.-)\n") do
      lines[#lines + 1] = line:gsub("^%s*%*? ?", "", 1)
    end
    lines[#lines] = lines[#lines]:gsub("%s+$", "")
    local _, line_number = text:sub(1, start):gsub("\n", "")
    local item = read_comment(lines, line_number + 1)
    if item.module then
      file.module, file.text = item.module, item.text
      registered = read_registrations(text, item.module)
    else
      local c_name = text:match("^%s*static int ([%w_]+)%(lua_State %*L%)", stop)
      local known = c_name and registered and registered[c_name]
      if known then
        item.kind, item.name, item.class = "function", known.name, known.class
        file.items[#file.items + 1] = item
      elseif item.fields[1] then
        item.kind = item.kind or "fields"
        file.items[#file.items + 1] = item
      end
    end
  end
end

--- Reads a file's doc comments.
-- @tparam string path ends with .lua or .c
-- @treturn table `path`, `module` and `text` of the first comment, and `items`, a list in the order
--   of the file: `kind` (function, field, table, or fields: of the module), `name`, `class` (of a
--   method), `text`, `args` (the names in the code, for Lua functions), `params` ({name, type,
--   text, is_optional, default, fields}), `returns` ({way, type, text}), `raise`, `fields` ({name,
--   type, text}), `line`
-- @raise on a tag that is not known, with the place
function comments.read(path)
  local source = assert(io.open(path))
  local text = source:read("a")
  source:close()
  local file = { path = path, items = {} }
  local ok, message = pcall(path:find("%.c$") and read_c or read_lua, text, file)
  if not ok then
    error(path .. ": " .. tostring(message), 0)
  end
  return file
end

return comments
