-- The reference and the editor's types say what the modules are: they are as `make docs` makes
-- them, each function that a script can call is in them, with the parameters that it has.

package.path = "scripts/?.lua;" .. package.path

local comments = require "docs.comments"
local describe_module = dofile("tests/lua/api.lua")
local files = require "docs.files"
local json = require "hearsay.json"
local types = require "docs.types"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

local function lines_of(command)
  local pipe = assert(io.popen(command))
  local list = {}
  for line in pipe:lines() do
    list[#list + 1] = line
  end
  pipe:close()
  return list
end

local _, modules = files.modules()

-- What the modules really have. Those of the bench are not in a node.
local in_bench = { ["hearsay.testing"] = true, ["hearsay.random"] = true,
  ["hearsay.world"] = true }
local real = {}
do
  local names = {}
  for _, module in ipairs(modules) do
    if in_bench[module.name] then
      real[module.name] = describe_module(module.name)
    else
      names[#names + 1] = module.name
    end
  end
  local text = table.concat(lines_of("./node tests/lua/api.lua " .. table.concat(names, " ")
    .. " </dev/null"))
  for name, description in pairs(assert(json.decode(text))) do
    real[name] = description
  end
end

local function names_of(params)
  local names = {}
  for i, param in ipairs(params) do
    names[i] = param.name
  end
  return names
end

local function each_function(visit)
  for _, module in ipairs(modules) do
    for _, item in ipairs(module.items) do
      if item.kind == "function" then
        visit(module, item, ("%s %s%s"):format(module.name, item.class and item.class .. ":" or "",
          item.name))
      end
    end
  end
end

describe("the reference", function()
  it("is as `make docs` makes it from the doc comments, and so are the editor's types", function()
    local made = {}
    for _, file in ipairs(files.texts()) do
      made[file.path] = true
      assert(os.rename(file.path, file.path), file.path .. " is not there: run `make docs`")
      assert(read(file.path) == file.text, file.path .. " is out of date: run `make docs`")
    end
    for _, path in ipairs(lines_of("find lua/types -name '*.lua'")) do
      assert(made[path], path .. " belongs to no module")
    end
  end)

  it("has every module that scripts can require", function()
    local known = {}
    for _, module in ipairs(modules) do
      known[module.name] = true
    end
    for _, name in ipairs(files.internal) do
      known["hearsay." .. name] = true
    end
    for _, path in ipairs(lines_of("find lua/hearsay -name '*.lua' | sort")) do
      local name = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
      assert(known[name], name .. " is in no group of scripts/docs/files.lua, nor internal")
    end
    for _, path in ipairs(lines_of("ls core/bind/*.c")) do
      local name = comments.read(path).module
      assert(not name or known[name] or name == "hearsay.core", (name or "")
        .. " is in no group of scripts/docs/files.lua")
    end
  end)

  it("has every function of every module, and no other", function()
    for _, module in ipairs(modules) do
      local documented, here = {}, real[module.name]
      for _, item in ipairs(module.items) do
        if item.kind == "function" and not item.class then
          documented[item.name] = true
          assert(here.functions[item.name], ("%s has no function %s"):format(module.name,
            item.name))
        elseif item.kind == "field" then
          documented[item.name] = true
        end
      end
      for name in pairs(here.functions) do
        assert(documented[name], ("%s.%s has no doc comment"):format(module.name, name))
      end
    end
  end)

  it("has no method that is not there, and every one that is in C", function()
    local documented = {}
    each_function(function(module, item, where)
      if item.class then
        local class = real[module.name].classes[item.class]
        assert(class and class[item.name], where .. " is not there")
        documented[where] = true
      end
    end)
    for name, description in pairs(real) do
      for class, methods in pairs(description.classes) do
        for method, params in pairs(methods) do
          local where = ("%s %s:%s"):format(name, class, method)
          assert(params ~= "C" or documented[where], where .. " has no doc comment")
        end
      end
    end
  end)

  it("names the parameters that Lua functions have, in their order", function()
    local checked = 0
    each_function(function(module, item, where)
      local here = real[module.name]
      local params = item.class and here.classes[item.class][item.name] or here.functions[item.name]
      if params ~= "C" then
        local names = names_of(item.params)
        if item.class then
          table.insert(names, 1, "self")
        end
        assert.same(params, json.array(names), where)
        checked = checked + 1
      end
    end)
    assert(checked > 100)
  end)

  -- The C files that a module is made of: core/bind/log.c, core/bind/log_files.c.
  local function source_of(name)
    local stem = name == "hearsay" and "core" or name:match("[^.]+$")
    local texts = {}
    for _, path in ipairs(lines_of("ls core/bind/*.c")) do
      local found = path:match("^core/bind/(%l+)[_%l]*%.c$")
      texts[#texts + 1] = found == stem and read(path) or nil
    end
    return table.concat(texts, "\n")
  end

  -- The highest argument that a C function reads by number is a parameter.
  it("names all arguments that C functions read", function()
    local checked = 0
    each_function(function(module, item, where)
      local source = item.args == nil and source_of(module.name)
      local c_name = source and source:match('{"' .. item.name .. '",%s*([%w_]+)}')
      local body = c_name and source:match("\nstatic int " .. c_name .. "%(lua_State %*L%)\n(%b{})")
      if body then
        local last = 0
        for number in body:gmatch("[%w_]*check[%w_]*%([%w_, ]-(%d+)[,)]") do
          last = math.max(last, math.tointeger(number))
        end
        for number in body:gmatch("luaL_opt%w+%(L, (%d+)") do
          last = math.max(last, math.tointeger(number))
        end
        local is_method = item.class and 1 or 0
        assert(last - is_method <= #item.params, ("%s: argument %d is not described"):format(where,
          last - is_method))
        checked = checked + 1
      end
    end)
    assert(checked > 30, checked)
  end)

  it("tells the type of every parameter, and that types exist", function()
    local index = types.index(modules)
    each_function(function(module, item, where)
      local function check(params)
        for _, param in ipairs(params) do
          assert(param.name, where .. ": a parameter without a name")
          types.qualified(param.type, index, module.name)
          check(param.fields or {})
        end
      end
      check(item.params)
      check(item.returns[1] and { { name = "", type = item.returns[1].type } } or {})
    end)
    assert.has_error(function()
      types.qualified("{strng,...}", index, "hearsay")
    end, "hearsay: there is no type strng (in {strng,...})")
  end)

  -- So an editor knows each of them.
  it("has all that the challenges and their variants use", function()
    local has, checked = {}, 0
    for _, module in ipairs(modules) do
      has[module.name] = {}
      for _, item in ipairs(module.items) do
        has[module.name][item.class and "" or item.name or ""] = true
        for _, field in ipairs(item.kind == "fields" and item.fields or {}) do
          has[module.name][field.name] = true
        end
      end
    end
    for _, path in ipairs(lines_of("ls challenges/*.lua challenges/variants/*.lua")) do
      local text = read(path):gsub("%-%-[^\n]*", "")
      for variable, name in text:gmatch('local ([%w_]+) = require "(hearsay[%w_.]*)"') do
        local code = text:gsub('"[^"\n]*"', '""')
        for used in code:gmatch("%f[%w_.]" .. variable .. "%.([%w_]+)") do
          assert(has[name] and has[name][used], ("%s: %s.%s is not in the reference"):format(path,
            name, used))
          checked = checked + 1
        end
      end
    end
    assert(checked > 300)
  end)

  it("links each module to its heading", function()
    local text = read("lua/README.md")
    for _, module in ipairs(modules) do
      local anchor = module.name:gsub("%.", "")
      assert(text:find(("[%s](#%s)"):format(module.name, anchor), 1, true), module.name)
      assert(text:find("\n## " .. module.name .. "\n", 1, true), module.name)
    end
  end)
end)

-- As the language server reads them, as far as that can be told without it.
describe("a definition file", function()
  local classes, used, overloads = {}, {}, {}
  local builtin = { any = true, ["nil"] = true, boolean = true, string = true, number = true,
    integer = true, ["function"] = true, table = true, userdata = true, fun = true, self = true }

  local function take_types(text, path)
    for word, colon in text:gmatch("([%a_][%w_.]*)(:?)") do
      if colon == "" and not builtin[word] then
        used[word] = path
      end
    end
  end

  -- Takes a type off the front of what follows a tag.
  local function type_in(text)
    local depth = 0
    for at = 1, #text do
      local char = text:sub(at, at)
      depth = depth + (char == "(" and 1 or char == ")" and -1 or 0)
      if char == " " and depth == 0 then
        return text:sub(1, at - 1)
      end
    end
    return text
  end

  for _, path in ipairs(lines_of("find lua/types -name '*.lua' | sort")) do
    it("is Lua whose annotations fit its functions: " .. path, function()
      local text = read(path)
      assert(load(text, path))
      assert.equal(path:gsub("^lua/types/", ""):gsub("%.lua$", ""):gsub("/", "."),
        text:match("^%-%-%-@meta ([%w_.]+)\n"))
      local params = {}
      for line in text:gmatch("[^\n]+") do
        local tag, rest = line:match("^%-%-%-@(%a+) (.*)$")
        if tag == "param" then
          local name, kind = rest:match("^([%w_.]+)%??%s(.*)$")
          params[#params + 1] = name
          take_types(type_in(kind), path)
        elseif tag == "return" then
          take_types(type_in(rest), path)
        elseif tag == "field" then
          take_types(type_in(rest:match("^[%w_]+%??%s(.*)$")), path)
        elseif tag == "overload" then
          overloads[#overloads + 1] = rest
        elseif tag == "class" then
          classes[rest] = true
        elseif line:find("^%-%-%-@") then
          assert(tag == "meta", line)
        end
        local arguments = line:match("^function [%w_.:]+(%b()) end$")
        if arguments then
          assert.equal("(" .. table.concat(params, ", ") .. ")", arguments)
          params = {}
        end
      end
    end)
  end

  it("names only classes that there are", function()
    for name, path in pairs(used) do
      assert(classes[name], ("%s: there is no class %s"):format(path, name))
    end
    assert(classes["hearsay.message"] and used["hearsay.message"])
  end)

  it("says where a parameter in the middle may be left out", function()
    assert.same({ "fun(message_type: string, fn: fun(msg:hearsay.message):table?)" }, overloads)
  end)

  it("is where .luarc.json says", function()
    local settings = assert(json.decode(read(".luarc.json")))
    local workspace = settings.workspace
    for _, folder in ipairs(workspace["library"]) do
      assert(os.rename(folder, folder), folder)
    end
    -- Its modules are not found a second time among the sources.
    local ignored = {}
    for _, folder in ipairs(settings.workspace.ignoreDir) do
      ignored[folder] = true
    end
    assert(ignored["/lua/hearsay"])
  end)
end)

describe("doc comments", function()
  local function parse(text, extension)
    local path = os.tmpname() .. (extension or ".lua")
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    local ok, result = pcall(comments.read, path)
    os.remove(path)
    return ok, result
  end

  it("are read with types, defaults, ways to return and fields", function()
    local ok, file = parse([[
--- A module. More.
-- @module m

local m = {}

--- Does it.
--
--     m.go(1)
-- @tparam[opt=1] {string,...} list of
--   names
-- @tparam table options
-- @tparam[opt] fun(a:integer,b:string):boolean options.test it
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string why
-- @raise on bad ones
function m.go(list, options) end

--- Of a class.
function Class:run(...) end
]])
    assert(ok, file)
    assert.equal("m", file.module)
    assert.equal("A module. More.", file.text)
    local go, run = file.items[1], file.items[2]
    assert.equal("Does it.\n\n    m.go(1)", go.text)
    assert.same({ "list", "options" }, go.args)
    assert.same({ "list", "{string,...}", "of\nnames", "1" },
      { go.params[1].name, go.params[1].type, go.params[1].text, go.params[1].default })
    assert.equal("fun(a:integer,b:string):boolean", go.params[2].fields[1].type)
    assert.is_true(go.params[2].fields[1].is_optional)
    assert.same({ 1, 2, 2 }, { go.returns[1].way, go.returns[2].way, go.returns[3].way })
    assert.equal("on bad ones", go.raise)
    assert.same({ "run", "Class" }, { run.name, run.class })
  end)

  it("in C belong to the name under which a function is registered", function()
    local ok, file = parse([[
/*** Things.
 * @module hearsay.thing */
/*** Adds.
 * @tparam integer n how many
 * @treturn boolean */
static int add_it(lua_State *L)
{
}
/*** New. */
static int new_thing(lua_State *L)
{
}
int bind_thing(lua_State *L)
{
  static const luaL_Reg methods[] = {
    {"add", add_it}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"new", new_thing}, {NULL, NULL}};
}
]], ".c")
    assert(ok, file)
    local add, new = file.items[1], file.items[2]
    assert.same({ "add", "thing", "Adds." }, { add.name, add.class, add.text })
    assert.same({ "n", "integer", "how many" },
      { add.params[1].name, add.params[1].type, add.params[1].text })
    assert.same({ "new" }, { new.name, new.class })
  end)

  it("with a tag that there is not are refused, with the place", function()
    local ok, message = parse("--- A.\n-- @module a\n\n--- B.\n-- @parm x\nfunction a.b(x) end\n")
    assert.is_false(ok)
    assert.is_truthy(message:find("%.lua: line 4: unknown tag @parm$"), message)
    ok, message = parse("--- A.\n-- @tparam integer o.x\nfunction a.b(x) end\n")
    assert.is_false(ok)
    assert.is_truthy(message:find("o.x is no field of the parameter before it", 1, true), message)
    ok, message = parse("--- A.\n-- @param x\n-- @tparam integer x\nfunction a.b(x, x) end\n")
    assert.is_false(ok)
    assert.is_truthy(message:find("line 1: x is there twice", 1, true), message)
  end)
end)
