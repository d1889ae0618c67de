---@meta hearsay.clock.hybrid
-- Written by `make docs`.

---Hybrid logical clocks: Lamport clocks that stay close to real time.
---
---    local clock = hybrid.new { now = wall_clock, max_drift = 0.5 }
---
---    local stamp = clock:stamp(node.id)         -- [microseconds, counter, id]
---    local ok, err = clock:receive(msg.body.stamp)
---
---A stamp is later than every stamp that could have caused it, whatever the clocks show, as with a
---Lamport clock. Besides, its first part is never below this node's clock and never above the
---greatest clock of those it heard from: so it tells when, as well as clocks do, and the counter
---only orders what happened in one microsecond, or while this clock was behind.
---
---A message from a clock too far ahead is refused, as else one wrong clock would take all others
---with it. Clocks that have no common zero, such as node.now of several nodes, keep the order too;
---then the first part tells nothing, and `max_drift` is to be math.huge.
---
---Source: S. Kulkarni, M. Demirbas, D. Madappa, B. Avva, M. Leone, Logical Physical Clocks and
---Consistent Snapshots in Globally Distributed Databases, OPODIS 2014. Cost: O(1).
---@class hearsay.clock.hybrid
local hybrid = {}

---@class hearsay.clock.hybrid.new.options
---@field now fun():number a function, the physical clock in seconds; may step back
---@field max_drift? number (default 0.5) seconds that a message may be ahead of that clock

---A clock.
---
---Raises on others
---@param options hearsay.clock.hybrid.new.options
---@return hearsay.clock.hybrid.Hybrid
function hybrid.new(options) end

---Whether something is a stamp.
---@param stamp any
---@return table|nil # the stamp
---@return hearsay.errors.err|nil # malformed_request
function hybrid.check(stamp) end

---Compares two stamps: by time, then by counter, then by id in byte order.
---@param a table a stamp
---@param b table a stamp
---@return integer # -1 when a is before b, 1 when it is behind, 0 when they are equal
function hybrid.compare(a, b) end

---@class hearsay.clock.hybrid.Hybrid
local a_hybrid = {}

---A stamp for an event of this node, sending included.
---@param id string of the node
---@return table # the array [microseconds, counter, id], for a message's body too
function a_hybrid:stamp(id) end

---Takes in the stamp of a message: later stamps of this node are behind it.
---@param stamp any
---@return boolean|nil # true
---@return hearsay.errors.err|nil # malformed_request; or abort, when it is further ahead of the physical clock than max_drift. The clock stands as it stood
function a_hybrid:receive(stamp) end

return hybrid
