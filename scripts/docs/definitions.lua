--- Definition files for the Lua language server, lua/types: what completion, hover texts and checks
-- of types in an editor need, one file a module. They define nothing when they are run.
-- @module docs.definitions

local types = require "docs.types"

local definitions = {}

local function comment(text, out)
  for line in (text .. "\n"):gmatch("(.-)\n") do
    out[#out + 1] = line == "" and "---" or "---" .. line
  end
end

local function one_line(text)
  return (text:gsub("%s+", " "))
end

-- "---@param name? type text"
local function annotation(tag, ...)
  return (one_line("---@" .. tag .. " " .. table.concat({ ... }, " ")):gsub("[ #]+$", ""))
end

local function default_first(item)
  return item.default and ("(default %s) %s"):format(item.default, item.text) or item.text
end

local function write_params(module, item, class_prefix, index, out)
  local names = {}
  for _, param in ipairs(item.params) do
    local kind = types.qualified(param.type, index, module.name)
    if param.fields[1] then
      kind = class_prefix .. item.name .. "." .. param.name
    end
    names[#names + 1] = param.name
    out[#out + 1] = annotation("param", param.name .. (param.is_optional and "?" or ""), kind,
      default_first(param))
  end
  return names
end

-- The results by their place: what the first is in one way or the other, ..
local function write_returns(module, item, index, out)
  local places, counts = {}, {}
  for _, result in ipairs(item.returns) do
    local way = result.way
    counts[way] = (counts[way] or 0) + 1
    local place = places[counts[way]] or { kinds = {}, texts = {} }
    places[counts[way]] = place
    place.kinds[#place.kinds + 1] = types.qualified(result.type, index, module.name)
    place.texts[#place.texts + 1] = result.text ~= "" and result.text or nil
  end
  for at, place in ipairs(places) do
    for _, count in pairs(counts) do
      if count < at then
        place.kinds[#place.kinds + 1] = "nil"
        break
      end
    end
    out[#out + 1] = annotation("return", table.concat(place.kinds, "|"), "#",
      table.concat(place.texts, "; or "))
  end
end

-- A parameter that may be left out before one that may not: without it the function is another.
local function write_overload(module, item, index, out)
  local params, last = {}, item.params[#item.params]
  for _, param in ipairs(item.params) do
    if not param.is_optional then
      params[#params + 1] = param.name .. ": " .. types.qualified(param.type, index, module.name)
    end
  end
  if last and not last.is_optional and #params < #item.params and last.name ~= "..." then
    out[#out + 1] = ("---@overload fun(%s)"):format(table.concat(params, ", "))
  end
end

local function write_class(name, fields, index, module, out)
  out[#out + 1] = "---@class " .. name
  for _, field in ipairs(fields) do
    out[#out + 1] = annotation("field", field.name .. (field.is_optional and "?" or ""),
      types.qualified(field.type, index, module.name), default_first(field))
  end
end

local function write_function(module, item, owner, index, out)
  local prefix = module.name .. "." .. (item.class and item.class .. "." or "")
  for _, param in ipairs(item.params) do
    if param.fields[1] then
      write_class(prefix .. item.name .. "." .. param.name, param.fields, index, module, out)
      out[#out + 1] = ""
    end
  end
  comment(item.text, out)
  if item.raise then
    out[#out + 1] = "---"
    comment("Raises " .. item.raise, out)
  end
  local names = write_params(module, item, prefix, index, out)
  write_returns(module, item, index, out)
  write_overload(module, item, index, out)
  out[#out + 1] = ("function %s%s%s(%s) end\n"):format(owner, item.class and ":" or ".", item.name,
    table.concat(names, ", "))
end

--- The text of a module's definition file.
-- @tparam table module {name, text, items}
-- @tparam table index what types.index returned
-- @treturn string
function definitions.render(module, index)
  local out = { "---@meta " .. module.name, "-- Written by `make docs`.", "" }
  local owner = module.name == "hearsay" and "node" or module.name:match("[^.]+$")
  local fields, classes = {}, {}
  for _, item in ipairs(module.items) do
    if item.kind == "table" then
      comment(item.text, out)
      write_class(module.name .. "." .. item.name, item.fields, index, module, out)
      out[#out + 1] = ""
    elseif item.kind == "fields" then
      table.move(item.fields, 1, #item.fields, #fields + 1, fields)
    elseif item.kind == "field" and not item.params[1] then
      fields[#fields + 1] = { name = item.name, type = "any", text = item.text }
    end
  end
  comment(module.text, out)
  write_class(module.name, fields, index, module, out)
  out[#out + 1] = ("local %s = {}\n"):format(owner)
  for _, item in ipairs(module.items) do
    if item.class and not classes[item.class] then
      classes[item.class] = "a_" .. types.snake(item.class)
      out[#out + 1] = ("---@class %s.%s"):format(module.name, item.class)
      out[#out + 1] = ("local %s = {}\n"):format(classes[item.class])
    end
    if item.kind == "function" or (item.kind == "field" and item.params[1]) then
      write_function(module, item, item.class and classes[item.class] or owner, index, out)
    end
  end
  out[#out + 1] = "return " .. owner .. "\n"
  return table.concat(out, "\n")
end

return definitions
