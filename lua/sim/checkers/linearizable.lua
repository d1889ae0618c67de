--- Whether registers behave as if there were one copy of each: linearizability, key by key.
--
-- Keys are independent, so each is judged by itself; see sim.checkers.register_search for how.
-- Where no order of the operations on a key explains them, the result says where it ends:
-- everything up to there can be explained, and the operation that ended then cannot.
-- @module sim.checkers.linearizable

local register_search = require "sim.checkers.register_search"
local value = require "sim.checkers.value"

local linearizable = {}

--- Configurations that the search visits for one key before it gives up: it takes some seconds
-- then.
linearizable.budget = 200000

local DETAILED = 8 -- keys whose failure is described

-- An operation for a person: who did what, when, and what came of it.
local function describe(op)
  local described = {
    process = op.process,
    node = op.node,
    f = op.f,
    from = op.value.from,
    type = op.outcome or "info",
    ["invoke-time"] = op.invoke_us * 1000,
    ["complete-time"] = op.outcome == "ok" and op.complete_us * 1000 or nil,
  }
  described.value = op.value.value
  if op.f == "read" then
    described.value = op.result
  elseif op.f == "cas" then
    described.value = op.value.to
  end
  return described
end

local function describe_all(ops)
  local list = value.array({})
  for i, op in ipairs(ops) do
    list[i] = describe(op)
  end
  return list
end

-- What an acknowledged operation left in the register.
local function outcome_text(op)
  return value.text(op.f == "cas" and op.value.to or op.value.value)
end

-- Why an old value was over: the acknowledged change that gave it last before `op` began, and one
-- that began after it, gave another value and ended before `op` began too. Nil where it is not so
-- simple.
local function find_overwrite(ops, op, text)
  local giver, over
  for _, other in ipairs(ops) do
    if other.f ~= "read" and other.outcome == "ok" and other.complete_index < op.invoke_index then
      if outcome_text(other) == text then
        if not giver or other.complete_index > giver.complete_index then
          giver = other
        end
      elseif not over or other.invoke_index > over.invoke_index then
        over = other
      end
    end
  end
  if giver and over and giver.complete_index < over.invoke_index then
    return giver, over
  end
end

local function was_ever_given(ops, text)
  for _, other in ipairs(ops) do
    if other.f ~= "read" and other.outcome ~= "fail" and outcome_text(other) == text then
      return true
    end
  end
  return text == "null"
end

local function describe_obstacle(ops, obstacle)
  local states = value.array({})
  for i, state in ipairs(obstacle.states) do
    states[i] = { value = state.text, ["given-by"] = state.op and describe(state.op) }
  end
  local op = obstacle.op
  local expected = value.text(op.f == "read" and op.result or op.value.from)
  local described = {
    op = describe(op),
    expected = expected,
    possible = states,
    open = describe_all(obstacle.open),
    ["ever-given?"] = was_ever_given(ops, expected),
  }
  local giver, over = find_overwrite(ops, op, expected)
  if giver then
    described["given-by"], described["overwritten-by"] = describe(giver), describe(over)
  end
  return described
end

-- The operations of each key, and the keys' texts, in the order in which they were first used.
local function split(history)
  local by_key, keys = {}, {}
  for _, op in ipairs(history) do
    if op.f == "read" or op.f == "write" or op.f == "cas" then
      local key = value.text(op.value.key)
      if not by_key[key] then
        by_key[key] = {}
        keys[#keys + 1] = key
      end
      local ops = by_key[key]
      ops[#ops + 1] = op
    end
  end
  return by_key, keys
end

-- Whether anybody learned something of a register.
local function was_observed(ops)
  for _, op in ipairs(ops) do
    if op.outcome == "ok" and op.f ~= "write" then
      return true
    end
  end
  return false
end

--- Judges a history.
-- @tparam {operation,...} history "read" {key}, whose result, when it is ok, is a value; "write"
--   {key, value}; "cas" {key, from, to}. Keys and values are any JSON values; a key begins as null
-- @tparam[opt] table options `search_budget`: configurations a key, default linearizable.budget
-- @treturn table the result: `results` has for each key its verdict, op-count and configurations
--   (that the search visited); `failures` are the keys that no order explains, `given-up` those
--   where the budget was used up; worst-failures describes up to eight of the former: `op`, the
--   operation that does not fit, and the value that it found (`expected`); `possible`, the values
--   that the register may have had until it ended, and what gave it each; `open`, changes that were
--   under way then or of unknown outcome; and where it is plain, the change that gave the value
--   (given-by) and one after it (overwritten-by). Unknown when no key was read or compared
function linearizable.check(history, options)
  local budget = options and options.search_budget or linearizable.budget
  local by_key, keys = split(history)
  local results, failures, given_up = {}, value.array({}), value.array({})
  local worst, observed = value.array({}), false
  for _, key in ipairs(keys) do
    local ops = by_key[key]
    local verdict, configurations, obstacle = register_search.run(ops, budget)
    results[key] = {
      ["valid?"] = verdict,
      ["op-count"] = #ops,
      configurations = configurations,
    }
    observed = observed or was_observed(ops)
    if verdict == "unknown" then
      given_up[#given_up + 1] = ops[1].value.key
    elseif not verdict then
      failures[#failures + 1] = ops[1].value.key
      if #worst < DETAILED then
        local described = describe_obstacle(ops, obstacle)
        described.key = ops[1].value.key
        worst[#worst + 1] = described
      end
    end
  end
  local valid = true
  if #failures > 0 then
    valid = false
  elseif #given_up > 0 or not observed then
    valid = "unknown"
  end
  return {
    ["valid?"] = valid,
    ["key-count"] = #keys,
    ["search-budget"] = budget,
    results = results,
    failures = failures,
    ["given-up"] = given_up,
    ["worst-failures"] = worst,
  }
end

return linearizable
