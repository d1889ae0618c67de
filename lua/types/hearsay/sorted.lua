---@meta hearsay.sorted
-- Written by `make docs`.

---The keys of a table in a fixed order.
---
---    local sorted = require "hearsay.sorted"
---
---    for _, key in ipairs(sorted.keys(offsets)) do
---      node.send(owner[key], { type = "commit", key = key, offset = offsets[key] })
---    end
---
---That of pairs() depends on how a table came about. What is sent, drawn or written must not: any
---change of a script would give another run for the same seed.
---@class hearsay.sorted
local sorted = {}

---The keys, all strings or all numbers, from the least on; strings in byte order. O(n log n).
---
---Raises where keys cannot be compared
---@param map table
---@param precedes? fun(a:any,b:any):boolean whether a key comes before another
---@return table # array
function sorted.keys(map, precedes) end

return sorted
