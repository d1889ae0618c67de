--- The reference, lua/README.md: the modules in the order in which a script meets them, each with
-- what its doc comments say.
-- @module docs.page

local types = require "docs.types"

local page = {}

-- What stands before a function of a module, or a method: node, lamport, store.
local function subject(module, class)
  if class then
    return types.snake(class)
  end
  return module.name == "hearsay" and "node" or module.name:match("[^.]+$")
end

-- "(key[, default])"
local function arguments(item)
  local text, open = "", 0
  for i, param in ipairs(item.params) do
    local comma = i > 1 and ", " or ""
    if param.is_optional then
      text, open = text .. "[" .. comma .. param.name, open + 1
    else
      text = text .. ("]"):rep(open) .. comma .. param.name
      open = 0
    end
  end
  return "(" .. text .. ("]"):rep(open) .. ")"
end

local function indent(text)
  return (text:gsub("\n([^\n])", "\n  %1"))
end

-- "name (type, default 1): text"
local function described(name, kind, text)
  return indent(("- `%s` %s%s"):format(name, kind, text ~= "" and ": " .. text or ""))
end

local function write_params(params, out, prefix)
  for _, param in ipairs(params) do
    local kind = types.plain(param.type)
    if kind == "any" then
      kind = "any value"
    end
    if param.default then
      kind = kind .. ", default `" .. param.default .. "`"
    elseif param.is_optional then
      kind = kind .. ", optional"
    end
    out[#out + 1] = (described(prefix .. param.name, kind, param.text))
    if param.fields[1] then
      local fields = {}
      write_params(param.fields, fields, ".")
      out[#out + 1] = ("  " .. table.concat(fields, "\n"):gsub("\n", "\n  "))
    end
  end
end

-- A line for each way to return.
local function write_returns(item, out)
  local ways = {}
  for _, result in ipairs(item.returns) do
    local way = ways[result.way] or {}
    ways[result.way] = way
    local kind = types.plain(result.type)
    if kind == "any" then
      way[#way + 1] = result.text
    else
      way[#way + 1] = kind .. (result.text ~= "" and " (" .. result.text .. ")" or "")
    end
  end
  for i, way in ipairs(ways) do
    out[#out + 1] = indent((i == 1 and "- returns " or "- or ") .. table.concat(way, ", "))
  end
end

local function write_item(module, item, out)
  if item.kind == "table" then
    out[#out + 1] = ("### %s\n\n%s\n"):format(item.name, item.text)
    for _, field in ipairs(item.fields) do
      out[#out + 1] = described(field.name, types.plain(field.type), field.text)
    end
  elseif item.kind == "fields" then
    out[#out + 1] = ("%s\n"):format(item.text)
    for _, field in ipairs(item.fields) do
      out[#out + 1] = described(subject(module) .. "." .. field.name, types.plain(field.type),
        field.text)
    end
  else
    local is_called = item.kind == "function" or item.params[1]
    out[#out + 1] = ("### %s%s%s%s\n\n%s\n"):format(subject(module, item.class),
      item.class and ":" or ".", item.name, is_called and arguments(item) or "", item.text)
    write_params(item.params, out, "")
    write_returns(item, out)
    if item.raise then
      out[#out + 1] = indent("- raises " .. item.raise)
    end
  end
  if out[#out]:find("^%-") then
    out[#out] = out[#out] .. "\n"
  end
end

-- The first sentence of a module's text, on one line.
local function summary(module)
  local text = module.text:gsub("\n", " ")
  return text:match("^(.-)[.:] ") or text:match("^(.-)%.?$")
end

local INTRODUCTION = [[
# What scripts require

<!-- Written by `make docs` from the doc comments in lua/hearsay and core/bind: edit those. -->

Each module is used alone. Times are seconds unless something else is said. Wrong arguments raise,
at the line that gave them; what the network or the disk can cause is returned: `nil` and an error.
An argument in brackets may be left out.

Your editor shows the same while you type: the files in [types](types) are read by the
[Lua language server](https://luals.github.io), and `.luarc.json` at the top of this repository
tells it where they are. In a folder of your own, put the path of that folder into a
`.luarc.json`, as a `library` of the `workspace`.
]]

-- A text in which the names of modules are links, but for those in code.
local function linked(text, anchors)
  local function link(prose)
    return (prose:gsub("%f[%w_.](hearsay%.[%l_.]+)(%w?)", function(name, more)
      local module, rest = name:match("^(.-)(%.*)$")
      return more == "" and anchors[module]
        and ("[%s](#%s)%s"):format(module, anchors[module], rest) or nil
    end))
  end
  local is_code = false
  return (text:gsub("([^\n]*)(\n?)", function(line, feed)
    if not line:find("^    ") and not line:find("^#") then
      line = line:gsub("([^`]*)(`?)", function(part, tick)
        part = is_code and part or link(part)
        is_code = is_code ~= (tick ~= "")
        return part .. tick
      end)
      is_code = false
    end
    return line .. feed
  end))
end

--- The text of the page.
-- @tparam {table,...} groups of {title, modules}, each module {name, text, items}
-- @treturn string
function page.render(groups)
  local out = { INTRODUCTION }
  for _, group in ipairs(groups) do
    out[#out + 1] = ("**%s**\n"):format(group.title)
    for _, module in ipairs(group.modules) do
      out[#out + 1] = ("- [%s](#%s): %s"):format(module.name, module.name:gsub("%.", ""),
        summary(module))
    end
    out[#out + 1] = ""
  end
  local start, anchors = #out, {}
  for _, group in ipairs(groups) do
    for _, module in ipairs(group.modules) do
      anchors[module.name] = module.name ~= "hearsay" and module.name:gsub("%.", "") or nil
    end
  end
  for _, group in ipairs(groups) do
    for _, module in ipairs(group.modules) do
      out[#out + 1] = ("## %s\n\n%s\n"):format(module.name, module.text)
      for _, item in ipairs(module.items) do
        write_item(module, item, out)
      end
    end
  end
  for i = start + 1, #out do
    out[i] = linked(out[i], anchors)
  end
  return (table.concat(out, "\n"):gsub("\n\n\n+", "\n\n"):gsub("%s+$", "\n"))
end

return page
