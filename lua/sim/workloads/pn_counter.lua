--- Workload pn-counter: a counter that grows and shrinks; see sim.workloads.counter.
-- @module sim.workloads.pn_counter

return require("sim.workloads.counter").new(false)
