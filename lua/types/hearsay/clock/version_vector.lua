---@meta hearsay.clock.version_vector
-- Written by `make docs`.

---Version vectors: how far each replica has got, as known here.
---
---    local vector = version_vector.new()
---
---    vector:advance(node.id)                    -- something changed here
---    vector:compare(msg.body.version)           -- "before": they have something that we lack
---    vector:merge(msg.body.version)
---
---A vector counts for each replica; what it does not name is at 0. One is before another when no
---count is greater and some are smaller; when each has a greater count they are concurrent: both
---sides changed something that the other does not know. This is what Lamport times cannot tell.
---
---Its state, for a message's body, is an object of ids to counts. Merging takes the greater count
---of each, which is associative, commutative and idempotent: states may be lost, come twice, and
---come in any order.
---
---Source: D. S. Parker et al., Detection of Mutual Inconsistency in Distributed Systems, IEEE
---Transactions on Software Engineering 9(3), 1983. Cost: O(replicas) for all but advance and get.
---@class hearsay.clock.version_vector
local version_vector = {}

---A vector with all at 0.
---@return hearsay.clock.version_vector.Vector
function version_vector.new() end

---Whether something is the state of a vector.
---@param state any
---@param what? string (default "version vector") to call it in the error
---@return table|nil # the state
---@return hearsay.errors.err|nil # malformed_request
function version_vector.check(state, what) end

---@class hearsay.clock.version_vector.Vector
local a_vector = {}

---How far a replica has got.
---@param id string
---@return integer # 0 when nothing is known of it
function a_vector:get(id) end

---Counts on for a replica. Only that replica itself may do so.
---@param id string
---@param by? integer (default 1) how far, from 0
---@return integer|nil # where it is now
---@return hearsay.errors.err|nil # abort when that does not fit 64 bits; nothing is changed
function a_vector:advance(id, by) end

---Takes in what another one knows.
---@param state table
---@return boolean|nil # whether this one was changed by it
---@return hearsay.errors.err|nil # malformed_request; nothing is changed
function a_vector:merge(state) end

---How this vector stands to another one.
---@param state table of the other one
---@return string|nil # "before", "after", "equal" or "concurrent"
---@return hearsay.errors.err|nil # malformed_request
function a_vector:compare(state) end

---The counts that are above 0, in no order.
---@return integer[]
function a_vector:values() end

---What merge and compare of another vector take: a copy, for a message's body.
---@return table # replica id to count, those above 0
function a_vector:state() end

return version_vector
