-- A set of values as one keeps it in plain Lua: broadcast, merge and read.

package.path = arg[0]:gsub("[^/]*$", "?.lua")
local values, has = {}, {}

local function add(value)
  if not has[value] then
    has[value] = true
    values[#values + 1] = value
  end
end

require("loop").run({
  broadcast = function(msg)
    add(msg.body.message)
    return { type = "broadcast_ok" }
  end,
  merge = function(msg)
    for _, value in ipairs(msg.body.values) do
      add(value)
    end
    return { type = "merge_ok" }
  end,
  read = function() return { type = "read_ok", messages = values } end,
})
