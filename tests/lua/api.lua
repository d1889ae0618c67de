-- What a module really has: its functions and classes, with the names of their parameters. Modules
-- of a node exist only in one, so this is run as a script, too:
--
--     ./node tests/lua/api.lua hearsay hearsay.kv ..     writes {module: description} as JSON
local json = require "hearsay.json"

-- The names of a Lua function's parameters, `...` for more; nil for a C function.
local function params_of(fn)
  local info = debug.getinfo(fn, "Su")
  if info.what == "C" then
    return nil
  end
  local names = json.array()
  for i = 1, info.nparams do
    names[i] = debug.getlocal(fn, i)
  end
  if info.isvararg then
    names[#names + 1] = "..."
  end
  return names
end

local function functions_of(t)
  local functions = {}
  for name, value in pairs(t) do
    if type(value) == "function" and not name:find("^__") then
      functions[name] = params_of(value) or "C"
    end
  end
  return functions
end

-- Classes that the functions of a module use: tables that are their own __index, by the names of
-- the variables that hold them.
local function find_classes(value, classes, visited, depth)
  if visited[value] or depth > 4 then
    return
  end
  visited[value] = true
  if type(value) == "function" then
    for i = 1, math.huge do
      local name, held = debug.getupvalue(value, i)
      if not name then
        break
      elseif type(held) == "table" and rawget(held, "__index") == held then
        classes[name] = classes[name] or functions_of(held)
        find_classes(held, classes, visited, depth + 1)
      elseif type(held) == "function" then
        find_classes(held, classes, visited, depth + 1)
      end
    end
  elseif type(value) == "table" then
    for _, held in pairs(value) do
      find_classes(held, classes, visited, depth + 1)
    end
    local metatable = getmetatable(value)
    if type(metatable) == "table" then
      find_classes(metatable, classes, visited, depth + 1)
    end
  end
end

local function describe(name)
  local module = require(name)
  local description = { functions = functions_of(module), fields = json.array(), classes = {} }
  for key, value in pairs(module) do
    if type(value) ~= "function" then
      description.fields[#description.fields + 1] = key
    end
  end
  table.sort(description.fields)
  find_classes(module, description.classes, {}, 0)
  local methods = debug.getregistry()[name] -- of a class in C, which has the module's name
  if type(methods) == "table" and type(methods.__index) == "table" then
    description.classes[name:match("[^.]+$")] = functions_of(methods.__index)
  end
  local timer = debug.getregistry()["hearsay.timer"]
  if name == "hearsay" and timer then
    description.classes.timer = functions_of(timer.__index)
  end
  return description
end

local names = { ... }
if not names[1] then
  return describe
end
local all = {}
for _, name in ipairs(names) do
  all[name] = describe(name)
end
io.stdout:write(json.encode(all), "\n")
os.exit(0)
