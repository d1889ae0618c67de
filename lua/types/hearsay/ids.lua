---@meta hearsay.ids
-- Written by `make docs`.

---Ids that nobody else hands out, without asking anybody.
---
---    local ids = require "hearsay.ids"
---
---    node.on("generate", function()
---      return { type = "generate_ok", id = ids.flake() }
---    end)
---
---An id has the node's name or place in it, so there are none before init: then each function raises.
---An id is one step on one word, well under a microsecond. core/store/ids.h has the layouts and the
---odds that two are equal.
---@class hearsay.ids
local ids = {}

---The next id as text: node id, a random part of this start of the node, a number. No clock is
---needed.
---@return string # such as "n1-3f9k2m0q-17"
function ids.counter() end

---The next id as a positive 64-bit integer that grows with time, also while the clock steps back:
---milliseconds since 2024, node, a random part of this start of the node, sequence.
---
---Raises when the clock shows a date that does not fit
---@return integer
function ids.flake() end

---The next id as a version 7 UUID (RFC 9562), which grows with time.
---
---Raises when the clock shows a date that does not fit
---@return string # 36 characters
function ids.uuid7() end

return ids
