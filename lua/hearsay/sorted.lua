--- The keys of a table in a fixed order.
--
--     local sorted = require "hearsay.sorted"
--
--     for _, key in ipairs(sorted.keys(offsets)) do
--       node.send(owner[key], { type = "commit", key = key, offset = offsets[key] })
--     end
--
-- That of pairs() depends on how a table came about. What is sent, drawn or written must not: any
-- change of a script would give another run for the same seed.
-- @module hearsay.sorted

local sorted = {}

--- The keys, all strings or all numbers, from the least on; strings in byte order. O(n log n).
-- @tparam table map
-- @tparam[opt] fun(a:any,b:any):boolean precedes whether a key comes before another
-- @treturn table array
-- @raise where keys cannot be compared
function sorted.keys(map, precedes)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys, precedes)
  return keys
end

return sorted
