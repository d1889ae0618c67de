--- Workload txn-rw-register: transactions that read and write registers, `["r", key, null]` and
-- `["w", key, value]`.
-- @module sim.workloads.txn_rw_register

local register_versions = require "sim.checkers.txn.register_versions"
local txn = require "sim.workloads.txn"

return txn.workload("w", register_versions)
