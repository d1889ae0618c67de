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
  -- Classes in C: their metatables have the module's name, or one behind it: hearsay.world.event.
  for key, metatable in pairs(debug.getregistry()) do
    local class = type(key) == "string" and (key == name and name:match("[^.]+$")
      or key:match("^" .. name:gsub("%.", "%%.") .. "%.(%l+)$"))
    if class and type(metatable) == "table" and type(metatable.__index) == "table"
      and not (name == "hearsay" and class ~= "timer") then
      description.classes[class] = functions_of(metatable.__index)
    end
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
