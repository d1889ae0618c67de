--- Types as doc comments have them, in the notation of the Lua language server: `{string,...}` is
-- `string[]`, `?integer` is `integer?`, and a class or a table that some module has is its name.
-- @module docs.types

local types = {}

local BUILT_IN = {
  any = true, ["nil"] = true, boolean = true, string = true, number = true, integer = true,
  ["function"] = true, table = true, userdata = true,
}

-- Words for tables that the text around them explains.
local LOOSE = { unit = true, part = true, operation = true }

--- The name of a class as it is written in types: ORSet is or_set.
-- @tparam string class
-- @treturn string
function types.snake(class)
  return (class:gsub("(%l)(%u)", "%1_%2"):gsub("(%u)(%u%l)", "%1_%2"):lower())
end

--- The classes and tables of some modules: what a name stands for in each module.
-- @tparam {table,...} modules lists of {name, items}
-- @treturn table name to {module, class}, and in `of` the same for each module's own
function types.index(modules)
  local index = { of = {} }
  for _, module in ipairs(modules) do
    local own = {}
    index.of[module.name] = own
    for _, item in ipairs(module.items) do
      local class = item.class or (item.kind == "table" and item.name)
      if class then
        local entry = { module = module.name, class = class }
        own[types.snake(class)] = entry
        index[types.snake(class)] = index[types.snake(class)] or entry
      end
    end
  end
  return index
end

local convert

local function convert_one(text, word)
  local optional = text:match("^%?(.+)$")
  if optional then
    return convert(optional, word) .. "?"
  end
  local element = text:match("^{(.+),%.%.%.}$")
  if element then
    local inner = convert(element, word)
    return (inner:find("|", 1, true) and "(" .. inner .. ")" or inner) .. "[]"
  elseif text:find("^{") then
    return "table"
  elseif text:find("^fun%(") then
    text = text:gsub("%b{}", function(list)
      return convert_one(list, function(name) return name end)
    end)
    return (text:gsub("([%a_][%w_]*)(:?)", function(name, colon)
      local is_type = colon == "" and name ~= "fun" -- else the name of a parameter
      return is_type and word(name) or name .. colon
    end))
  end
  return word(text)
end

-- The alternatives of a type: what stands between bars that are in no brackets.
local function alternatives(text)
  local list, depth, from = {}, 0, 1
  for at = 1, #text + 1 do
    local char = text:sub(at, at)
    if char:find("[{(]") then
      depth = depth + 1
    elseif char:find("[})]") then
      depth = depth - 1
    elseif (char == "|" or char == "") and depth == 0 then
      list[#list + 1], from = text:sub(from, at - 1), at + 1
    end
  end
  return list
end

function convert(text, word)
  local list = alternatives(text)
  for i, alternative in ipairs(list) do
    list[i] = convert_one(alternative, word)
  end
  return table.concat(list, "|")
end

--- A type for the language server.
-- @tparam string text the type in a doc comment
-- @tparam table index what types.index returned
-- @tparam string module the name of the module that has the comment
-- @treturn string
-- @raise on a word that is no type and no class
function types.qualified(text, index, module)
  return convert(text, function(name)
    local entry = index.of[module][name] or index[name]
    if BUILT_IN[name] then
      return name
    elseif LOOSE[name] then
      return "table"
    elseif not entry then
      error(("%s: there is no type %s (in %s)"):format(module, name, text), 0)
    end
    return entry.module .. "." .. entry.class
  end)
end

--- A type for a reader.
-- @tparam string text the type in a doc comment
-- @treturn string
function types.plain(text)
  return convert(text, function(name) return name end)
end

return types
