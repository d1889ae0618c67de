---@meta hearsay.clock.lamport
-- Written by `make docs`.

---Lamport clocks: numbers that grow along every chain of messages.
---
---    local clock = lamport.new()
---
---    local stamp = clock:stamp(node.id)        -- of an event here; goes into messages
---    clock:receive(msg.body.stamp)             -- whatever happens here from now on is later
---    if lamport.compare(a, b) < 0 then .. end  -- the same order at every node
---
---If one event could have caused another, its time is smaller. The reverse does not hold: of two
---events that know nothing of each other either may have the smaller time. Where that matters, use
---version vectors. A stamp is [time, node]: since no node gives a time twice, stamps are all
---different, and comparing times, then ids, is a total order that agrees with causality.
---
---Source: L. Lamport, Time, Clocks, and the Ordering of Events in a Distributed System, CACM 21(7),
---1978. Cost: O(1), 16 bytes of state.
---
---A node that was restarted and has forgotten its time gives times again; give its stamps another
---id then, such as `ids.counter()` at the start.
---@class hearsay.clock.lamport
local lamport = {}

---A clock at 0.
---@return hearsay.clock.lamport.Lamport
function lamport.new() end

---Whether something is a stamp.
---@param stamp any
---@return table|nil # the stamp
---@return hearsay.errors.err|nil # malformed_request
function lamport.check(stamp) end

---Compares two stamps: by time, then by id in byte order.
---@param a table a stamp
---@param b table a stamp
---@return integer # -1 when a is before b, 1 when it is behind, 0 when they are equal
function lamport.compare(a, b) end

---@class hearsay.clock.lamport.Lamport
local a_lamport = {}

---Goes on by one, for an event of this node, sending included.
---@return integer # its time, from 1
function a_lamport:tick() end

---Goes on by one: a stamp for an event of this node.
---@param id string of the node
---@return table # the array [time, id], for a message's body too
function a_lamport:stamp(id) end

---Takes in the time that came with a message: goes past it.
---@param time any an integer from 0, or a stamp
---@return integer|nil # the time of the receipt
---@return hearsay.errors.err|nil # malformed_request; the clock stands as it stood
function a_lamport:receive(time) end

return lamport
