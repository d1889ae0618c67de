--- Workload txn-list-append: transactions that read lists and append to them, `["r", key, null]`
-- and `["append", key, element]`.
-- @module sim.workloads.txn_list_append

local list_versions = require "sim.checkers.txn.list_versions"
local txn = require "sim.workloads.txn"

return txn.workload("append", list_versions)
