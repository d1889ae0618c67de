--- Checks the options of a call, and fills in those that are left out. A mistake in them is an
-- error at the line of the call.
--
--     local OPTIONS = {
--       window = { "number", default = 0.05, above = 0 },
--       receive = { "function", needed = true },
--       extra = { "function" },
--     }
--
--     function outbox.start(options)
--       options = take_options("outbox.start", OPTIONS, options)
-- @module hearsay.take_options

local sorted = require "hearsay.sorted"

local function suits(kind, value)
  if type(value) ~= kind[1] then
    return false
  elseif kind[1] ~= "number" then
    return true
  end
  local is_low = kind.above and value <= kind.above or kind.from and value < kind.from
  return not is_low and value == value and (value < math.huge or not kind.finite) -- not nan
end

local function describe(kind)
  local text = "a " .. kind[1]
  if kind.above then
    return text .. " above " .. kind.above
  end
  return kind.from and text .. " from " .. kind.from or text
end

-- @tparam string where the function that was called, for errors
-- @tparam table known by name: {type, default = .., needed = true}, and for numbers `above` or
--   `from`, and `finite`
-- @param given what it was called with
-- @treturn table a new one, with all that is known
-- @raise at the line that called whoever calls this
return function(where, known, given)
  local function fail(format, ...)
    error(where .. ": " .. format:format(...), 4)
  end
  if type(given) ~= "table" then
    fail("expected a table of options, got %s", type(given))
  end
  local unknown = {}
  for name in pairs(given) do
    unknown[tostring(name)] = not known[name] or nil
  end
  if next(unknown) then
    fail("unknown option %s; known are %s", sorted.keys(unknown)[1],
      table.concat(sorted.keys(known), ", "))
  end
  local taken = {}
  for _, name in ipairs(sorted.keys(known)) do
    local kind, value = known[name], given[name]
    if (value ~= nil or kind.needed) and not suits(kind, value) then
      local is_off = kind[1] == "number" and type(value) == "number"
      fail("%s must be %s, got %s", name, describe(kind), is_off and value or type(value))
    end
    taken[name] = value
    if value == nil then
      taken[name] = kind.default
    end
  end
  return taken
end
