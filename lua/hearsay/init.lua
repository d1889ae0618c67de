--- A node: what a script that is one node of a cluster can do.
--
--     local node = require "hearsay"
--
--     node.on("echo", function(msg)
--       return { type = "echo_ok", echo = msg.body.echo }
--     end)
--
-- Each message runs its handler in a coroutine of its own, so a handler may wait
-- in `node.rpc` and `node.sleep` while others run. Times are seconds. Wrong
-- arguments raise; what the network can cause is `nil, err`.
--
-- The verbs are C (core/bind/core.c); lua/hearsay/init.lua adds what is easier said in Lua.
--
-- @module hearsay

local brief = require "hearsay.brief"
local errors = require "hearsay.errors"
local json = require "hearsay.json"
local node = require "hearsay.core"

local core_on, core_rpc, core_log = node.on, node.rpc, node.log

local kinds = {
  any = false, -- nothing to check
  integer = function(v) return math.type(v) == "integer" end,
  natural = function(v) return math.type(v) == "integer" and v >= 0 end,
  number = function(v) return type(v) == "number" end,
  seconds = function(v) return type(v) == "number" and v >= 0 and v <= 1e9 end, -- as node.sleep
  string = function(v) return type(v) == "string" end,
  boolean = function(v) return type(v) == "boolean" end,
  array = json.is_array,
  object = function(v) return type(v) == "table" and not json.is_array(v) end,
}

-- {delta = "integer", note = "string?"} as a list in a fixed order.
local function compile(fields)
  local list = {}
  for name, want in pairs(fields) do
    local kind, optional = tostring(want):match("^(%a+)(%??)$")
    if kinds[kind] == nil then
      error(("node.on: field %q: expected any, integer, natural, number, seconds, string, boolean, "
        .. "array or object, with a ? behind it when it may be missing, not %q"):format(name,
        tostring(want)), 3)
    end
    list[#list + 1] = { name = name, kind = kind, is = kinds[kind], optional = optional == "?" }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- A field is missing, or not of the kind that it should be.
local function refuse(body, field, value)
  if value == nil then
    error(errors.new("malformed_request", ("%s: expected a field %q (%s)")
      :format(body.type, field.name, field.kind)), 0)
  end
  error(errors.new("malformed_request", ("%s: expected %q to be of type %s, got %s")
    :format(body.type, field.name, field.kind, brief(value))), 0)
end

-- The handler that checks the fields first. It runs for each message, so it does no more than
-- it must.
local function checked(list, fn)
  return function(msg)
    local body = msg.body
    for i = 1, #list do
      local field = list[i]
      local value, is = body[field.name], field.is
      if value == nil then
        if not field.optional then
          refuse(body, field)
        end
      elseif is and not is(value) then
        refuse(body, field, value)
      end
    end
    return fn(msg)
  end
end

--- A message, as a handler is given it.
-- @table message
-- @tfield string src who sent it
-- @tfield string dest this node
-- @tfield table body `type`, `msg_id` where a reply is expected, and what else the sender put there

--- Registers the handler of a message type.
-- @tparam string message_type
-- @tparam[opt] table fields what the body must have, such as `{ delta = "integer",
--   note = "string?" }`: a body without it gets error 12 (malformed-request). A natural is an
--   integer from 0, seconds are a number from 0 to 10^9
-- @tparam fun(msg:message):table? fn a table that it returns is the reply's body, nil is no reply.
--   An error made by `errors.new` that it raises is sent as the reply; any other error is sent as
--   13 (crash), and its traceback goes to stderr
-- @raise on a second handler for a type
function node.on(message_type, fields, fn)
  if type(message_type) ~= "string" then
    error("node.on: expected a message type, a string, got " .. type(message_type), 2)
  end
  if fn == nil then
    fields, fn = nil, fields
  end
  if type(fn) ~= "function" or (fields ~= nil and type(fields) ~= "table") then
    error("node.on: expected a function, or a table of fields and a function", 2)
  end
  local handler = fields and checked(compile(fields), fn) or fn
  local ok, message = pcall(core_on, message_type, handler)
  if not ok then
    error("node.on: " .. message, 2)
  end
end

-- What a pcall returned behind its true; or its error, raised where the script called us.
local function results(name, ok, ...)
  if ok then
    return ...
  end
  local message = tostring((...)):gsub("'%?'", "'" .. name .. "'")
  error(message, 3)
end

--- Sends a request and waits for its reply.
-- @tparam string dest
-- @tparam table body the host adds `msg_id`, counted from a random number on, so that no earlier
--   run of this node had the same
-- @tparam[opt=1] number timeout in seconds
-- @treturn[1] table the reply's body
-- @treturn[2] nil
-- @treturn[2] err the error that came as the reply, or `timeout`
-- @raise where one cannot wait: in the main part, in a coroutine of the script's own; and when as
--   many requests are under way as --max-rpcs allows
function node.rpc(dest, body, timeout)
  local reply, failure = results("rpc", pcall(core_rpc, dest, body, timeout))
  if reply then
    return reply
  end
  return nil, errors.from_body(failure)
end

--- Writes a line to stderr, with time and node id.
-- @tparam string format as of string.format, when arguments follow
-- @param ... its arguments
function node.log(format, ...)
  if select("#", ...) > 0 then
    format = results("log", pcall(string.format, format, ...))
  end
  core_log(format)
end

--- Random numbers, as math.random; the same for the same seed in the bench.
-- @tparam[opt] integer m with `n` the least; alone, the greatest, from 1
-- @tparam[opt] integer n the greatest
-- @treturn number without arguments a float in [0, 1), else an integer
node.random = math.random

local from_text = {
  number = tonumber,
  boolean = function(text) return ({ ["true"] = true, ["false"] = false })[text] end,
  string = tostring,
}

--- A script's parameters: the table at its top, in which its arguments may change a value. So
-- another window or policy is tried without an edit, and several are compared:
--
--     local policy = node.parameters({ policy = "hub", window = 0.3 }, ...)
--
--     ./sim compare --bin "./node mine.lua window=0.1" --bin "./node mine.lua window=1"
-- @tparam table defaults name to a number, string or boolean; it is not changed
-- @tparam string ... the script's arguments, each `name=value`
-- @treturn table the defaults, with what the arguments changed
-- @raise on a name that is not in the table, and on a value of another type
function node.parameters(defaults, ...)
  local all, names = {}, {}
  for name, value in pairs(defaults) do
    if not from_text[type(value)] then
      error(("node.parameters: %s must be a number, a string or a boolean, not a %s")
        :format(tostring(name), type(value)), 2)
    end
    all[name], names[#names + 1] = value, tostring(name)
  end
  table.sort(names)
  for _, argument in ipairs({ ... }) do
    local name, text = argument:match("^([%w_]+)=(.*)$")
    if not name or defaults[name] == nil then
      error(("expected arguments of the form name=value, with one of the names %s; got %s")
        :format(table.concat(names, ", "), argument), 0)
    end
    local kind = type(defaults[name])
    all[name] = from_text[kind](text)
    if all[name] == nil then
      error(("argument %s: expected a %s for %s, as in %s=%s"):format(argument, kind, name, name,
        tostring(defaults[name])), 0)
    end
  end
  return all
end

--- Set by init, and nil before.
-- @tfield string id of this node
-- @tfield {string,...} ids of all nodes
-- @tfield {string,...} peers all but this one
return node
