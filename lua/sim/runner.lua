--- Runs a test: starts a cluster, puts a workload on it for a time while the nemesis is at work,
-- lets it recover, and hands over what happened.
--
-- Workers are closed-loop: worker i asks node i mod n, one operation at a time. Operations come at
-- uniformly random gaps of 0 to 2/rate over all workers, each to a free one; when none is free the
-- next operation waits. Each purpose draws from a random stream of its own, so that adding a fault
-- leaves the load as it was.
-- @module sim.runner

local clusters = require "sim.cluster"
local convergence = require "sim.convergence"
local nemeses = require "sim.nemesis"
local randoms = require "hearsay.random"
local workloads = require "sim.workloads"
local worlds = require "hearsay.world"

local OPERATION_TIMEOUT = 5 -- seconds
local QUIET = 10 -- seconds between the end of faults and the final operations
local FINAL_LIMIT = 10 -- seconds in which final operations may begin
local LAST_REPLIES = 4 -- time-outs for what is open to end; an operation may take several requests

local Run = {}
Run.__index = Run

-- Time since the load began.
function Run:time_us()
  return self.world:now_us() - self.start_us
end

-- The place of an event among all, and its time.
function Run:mark()
  self.events = self.events + 1
  return self.events, self:time_us()
end

local function new_worker(run, index)
  return {
    index = index,
    process = { id = index },
    node = run.opts.nodes[index % #run.opts.nodes + 1],
    client = run.cluster:client(),
  }
end

function Run:problem(node, text)
  self.problems[#self.problems + 1] = { node = node, time_us = self:time_us(), text = text }
end

-- An operation has ended. After one whose outcome nobody knows its worker is a new process.
function Run:finish(worker, op, result, err)
  op.complete_index, op.complete_us = self:mark()
  op.result = result
  op.error = err
  if not err then
    op.outcome = "ok"
  elseif err.definite or self.workload.idempotent[op.f] then
    op.outcome = "fail"
  else
    op.outcome = "info"
    worker.process = { id = worker.process.id + self.opts.concurrency }
  end
  if err and err.name == workloads.MALFORMED then
    self:problem(worker.node, ("%s: %s"):format(op.f, err.text))
  end
  if err and not err.definite then
    worker.client:close()
    worker.client = self.cluster:client()
  end
  worker.busy = false
  self.busy = self.busy - 1
  if self.observe then
    self.observe(op)
  end
  self.when_free(worker)
end

function Run:invoke(worker, f, value, final)
  local op = { process = worker.process.id, worker = worker.index, node = worker.node, f = f,
    value = value, final = final }
  op.invoke_index, op.invoke_us = self:mark()
  self.history[#self.history + 1] = op
  worker.busy = true
  self.busy = self.busy + 1
  local function ask(body, answer)
    worker.client:request(worker.node, body, self.timeout, answer)
  end
  workloads.perform(self.workload, op, ask, function(result, err)
    self:finish(worker, op, result, err)
  end, worker.process)
end

-- The next operation, for a random one of the free workers that the workload has one for.
function Run:next_operation(generate)
  local free = {}
  for _, worker in ipairs(self.workers) do
    if not worker.busy then
      free[#free + 1] = worker
    end
  end
  while free[1] do
    local worker = table.remove(free, self.choice:upto(#free))
    local f, value = generate(worker, self:time_us())
    if f then
      return worker, f, value
    end
  end
end

-- The load: until the time is over, and then until no operation is open.
function Run:main_phase()
  local world, opts = self.world, self.opts
  local generate
  generate, self.observe = self.workload.generator(opts, randoms.stream(opts.seed, "workload"))
  local pace = randoms.stream(opts.seed, "pace")
  local end_us = world:now_us() + opts.time_limit * 1e6
  local is_over, is_due = opts.rate == 0, false

  local function issue()
    if not is_due or is_over or #self.history == opts.operations then
      return
    end
    local worker, f, value = self:next_operation(generate)
    if worker then
      is_due = false
      self:invoke(worker, f, value)
      world:after(pace:unit() * 2 / opts.rate, function()
        is_due = true
        issue()
      end)
    end
  end

  self.when_free = function()
    if is_over and self.busy == 0 then
      world:stop()
    else
      issue()
    end
  end
  if not is_over then
    is_due = true
    issue()
  end
  local left_us = end_us - world:now_us()
  local ok, message = world:run(left_us / 1e6)
  is_over = true
  if ok and self.busy > 0 then
    ok, message = world:run(LAST_REPLIES * self.timeout)
  end
  return ok, message
end

-- Every worker ends with operations such as a last read, one after the other.
function Run:final_phase()
  local ok, message = self.world:run(QUIET)
  if not ok then
    return ok, message
  end
  local generate
  generate, self.observe = self.workload.final(self.opts, self.history,
    randoms.stream(self.opts.seed, "final"))
  local limit_us = self.world:now_us() + FINAL_LIMIT * 1e6
  local resting = 0
  local function act(worker, f, value)
    if f and self.world:now_us() < limit_us then
      self:invoke(worker, f, value, true)
    elseif self.busy == 0 and resting == 0 then
      self.world:stop()
    end
  end
  self.when_free = function(worker)
    local f, value, wait = generate(worker)
    if not wait then
      return act(worker, f, value)
    end
    resting = resting + 1
    self.world:after(wait, function()
      resting = resting - 1
      act(worker, f, value)
    end)
  end
  for _, worker in ipairs(self.workers) do
    self.when_free(worker)
  end
  if self.busy == 0 and resting == 0 then
    return true
  end
  return self.world:run(FINAL_LIMIT + LAST_REPLIES * self.timeout)
end

function Run:phases()
  local ok, message = self.cluster:init()
  local setup = self.workload.setup and self.workload.setup(self.opts)
  if ok and setup then
    ok, message = self.cluster:ask_all(setup)
  end
  if not ok then
    return ok, message
  end
  for i = 1, self.opts.concurrency do
    self.workers[i] = new_worker(self, i - 1)
  end
  self.start_us = self.world:now_us()
  self.nemesis = nemeses.start(self.cluster, self.opts)
  ok, message = self:main_phase()
  self.nemesis.stop()
  if ok and self.workload.final then
    ok, message = self:final_phase()
  end
  return ok, message
end

-- The fault windows, in time since the load began.
function Run:faults()
  local faults = {}
  for i, window in ipairs(self.nemesis and self.nemesis.windows or {}) do
    faults[i] = { number = window.number, fault = window.fault, text = window.text,
      silenced = window.silenced, cut = window.cut, from_us = window.start_us - self.start_us,
      to_us = window.stop_us - self.start_us }
  end
  return faults
end

local function net_counts(world)
  local counts = world:counts()
  local net = {
    all = { sent = 0, received = 0 }, clients = counts.clients, servers = counts.servers,
  }
  for _, kind in ipairs({ "clients", "servers" }) do
    net.all.sent = net.all.sent + counts[kind].sent
    net.all.received = net.all.received + counts[kind].received
  end
  for kind, c in pairs(net) do
    net[kind] = { ["send-count"] = c.sent, ["recv-count"] = c.received, ["msg-count"] = c.sent }
  end
  net.servers["longest-line"] = counts.longest
  return net
end

-- As runner.run; returns nil and worlds.SUSPECT when it was probed and is to be repeated.
local function attempt(opts, on_start, probed)
  local cluster, message = clusters.new({
    command = opts.command, real_time = opts.real_time, nodes = opts.nodes, seed = opts.seed,
    latency = opts.latency, latency_dist = opts.latency_dist, head_of_line = opts.head_of_line,
    max_line = opts.max_line, sync_time = opts.sync_time, limits = opts.limits,
    probed = probed,
  })
  if not cluster then
    return nil, message
  end
  local name = opts.workload
  if not name and opts.real_time then
    return nil, "in real time the workload cannot be told from the program: say it with -w"
  elseif not name then
    name, message = workloads.infer(cluster.world:types(opts.nodes[1]))
    if not name then
      return nil, message
    end
  end
  local workload = workloads.get(name)
  if opts.converge and not workload.contents then
    return nil, ("--converge: nodes of the workload %s have nothing that they could agree about")
      :format(name)
  end
  if on_start then
    on_start(cluster.world)
  end
  local run = setmetatable({
    opts = opts, cluster = cluster, world = cluster.world, workload = workload,
    history = {}, problems = {}, workers = {}, events = 0, busy = 0, start_us = 0,
    choice = randoms.stream(opts.seed, "workers"),
  }, Run)
  run.timeout = workload.timeout and workload.timeout(opts) or OPERATION_TIMEOUT
  local ok
  ok, message = run:phases()
  local net, duration_us, contents = net_counts(run.world), run:time_us(), nil
  if ok and opts.converge then
    contents, message = convergence.ask(cluster, workload, run.history, opts, run.timeout)
    ok = contents ~= nil
  end
  if message == worlds.SUSPECT then
    return nil, message
  end
  local is_interrupted = message == "interrupted"
  if not ok and not is_interrupted then
    run:problem("the cluster", message)
  end
  return {
    history = run.history,
    problems = run.problems,
    interrupted = is_interrupted,
    faults = run:faults(),
    net = net,
    contents = contents,
    fingerprint = not opts.real_time and run.world:fingerprint() or nil,
    seed = opts.seed,
    workload = name,
    start_us = run.start_us,
    duration_us = duration_us,
    world = run.world,
  }
end

local runner = {}

--- Runs one test.
-- @tparam table opts as options.parse returns them, with `command` (see sim.cluster) and
--   `workload` unless it is to be inferred
-- @tparam[opt] function on_start called with the world before anything happens in it
-- @treturn[1] table what happened: history and problems (see sim.checkers, sim.results; times since
--   the load began), interrupted (whether an interrupt ended it), faults (`{number, fault, text,
--   silenced, cut, from_us, to_us}`, see sim.nemesis), net, contents (with --converge, what each
--   node had afterwards, see sim.convergence), seed, workload (its name), start_us (world time when
--   the load began), duration_us, world, fingerprint (nil in real time, which does not repeat
--   itself)
-- @treturn[2] nil
-- @treturn[2] string why it could not run
function runner.run(opts, on_start)
  local run, message = attempt(opts, on_start, true)
  if not run and message == worlds.SUSPECT then
    return attempt(opts, on_start, false)
  end
  return run, message
end

return runner
