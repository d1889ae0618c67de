--- Workload g-counter: a counter that only grows; see sim.workloads.counter.
-- @module sim.workloads.g_counter

return require("sim.workloads.counter").new(true)
