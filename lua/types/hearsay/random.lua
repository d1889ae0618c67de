---@meta hearsay.random
-- Written by `make docs`.

---Named streams of random numbers from a seed, for the bench: each purpose draws from its own, so
---that a new fault does not change the load.
---
---    local randoms = require "hearsay.random"
---
---    local random = randoms.stream(opts.seed, "my fault")
---    local id = ids[random:upto(#ids)]
---@class hearsay.random
local random = {}

---The stream of a name.
---@param seed integer
---@param name string what it is for
---@return hearsay.random.random
function random.stream(seed, name) end

---@class hearsay.random.random
local a_random = {}

---A number, uniform in [0, 1).
---@return number
function a_random:unit() end

---An integer, uniform among 1 .. n.
---@param n integer from 1
---@return integer
function a_random:upto(n) end

---Puts an array into random order, in place.
---@param array table
---@return table # the array
function a_random:shuffle(array) end

return random
