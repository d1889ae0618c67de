--- Trying again: backoff with a cap, deadlines, a circuit breaker.
--
-- Everything here is arithmetic on what is handed in: the clock, the sleep and
-- the random numbers come from the caller, so it runs the same in a node, in
-- the bench's virtual time and in a test.
--
--     local wait = retry.backoff { first = 0.1, factor = 2, cap = 1, random = node.random }
--     while not node.rpc(dest, body, 0.5) do node.sleep(wait:next()) end
--
-- There is always a cap unless a caller asks for math.huge: time-outs that grow
-- without one are so long after a partition that no retry lands before somebody
-- looks, and values count as lost.
-- @module hearsay.retry

local retry = {}

-- Where an error is to be reported: the function's name, and the level of its caller as seen from
-- the checks below.
local AT_BACKOFF = { name = "backoff", level = 5 }
local AT_CALL = { name = "call", level = 4 }
local AT_CALL_BACKOFF = { name = "call: backoff", level = 5 }
local AT_BREAKER = { name = "breaker", level = 4 }

local function fail(at, format, ...)
  error("retry." .. at.name .. ": " .. format:format(...), at.level)
end

local function check(at, ok, format, ...)
  if not ok then
    fail(at, format, ...)
  end
end

local function check_keys(at, options, known)
  if type(options) ~= "table" then
    fail(at, "expected a table of options, got %s", type(options))
  end
  local unknown = {}
  for key in pairs(options) do
    if not (" " .. known .. " "):find(" " .. tostring(key) .. " ", 1, true) then
      unknown[#unknown + 1] = tostring(key)
    end
  end
  if unknown[1] then
    table.sort(unknown)
    fail(at, "unknown option %s; known are %s", unknown[1], (known:gsub(" ", ", ")))
  end
end

-- Takes a number in a range out of a table of options.
local function number(at, options, key, default, low, high)
  local value = options[key]
  if value == nil then
    return default
  elseif type(value) ~= "number" or not (value >= low and value <= high) then
    fail(at, "%s must be a number %s, got %s", key,
      high == math.huge and "from " .. low .. " up" or "from " .. low .. " to " .. high,
      tostring(value))
  end
  return value
end

local function callable(at, options, key, needed)
  local value = options[key]
  if type(value) ~= "function" and (value ~= nil or needed) then
    fail(at, "%s must be a function, got %s", key, type(value))
  end
  return value
end

local Backoff = { __name = "hearsay.backoff" }
Backoff.__index = Backoff

--- The pause before the next try, in seconds. The n-th is min(cap, first * factor^(n-1)), less a
-- random part of at most `jitter` of itself, so that nodes that failed together do not come back
-- together and no pause is longer than the cap.
-- @treturn number seconds
function Backoff:next()
  local pause = self.pause
  self.pause = math.min(self.cap, pause * self.factor)
  if self.jitter > 0 then
    pause = pause * (1 - self.jitter * self.random())
  end
  return pause
end

--- Starts again from the first pause: call it after a success.
function Backoff:reset()
  self.pause = self.first
end

local function new_backoff(at, options)
  check_keys(at, options, "first factor cap jitter random")
  local random = callable(at, options, "random")
  local first = number(at, options, "first", 0.1, 0, math.huge)
  local cap = number(at, options, "cap", math.max(1, first), 0, math.huge)
  local jitter = number(at, options, "jitter", random and 0.2 or 0, 0, 1)
  check(at, cap >= first, "cap must not be below first, got %s and %s", cap, first)
  check(at, jitter == 0 or random, "jitter needs a random function")
  return setmetatable({
    first = first,
    pause = first,
    factor = number(at, options, "factor", 2, 1, math.huge),
    cap = cap,
    jitter = jitter,
    random = random,
  }, Backoff)
end

--- A sequence of growing pauses.
-- @tparam[opt] table options
-- @tparam[opt=0.1] number options.first first pause in seconds
-- @tparam[opt=2] number options.factor what each pause is multiplied with
-- @tparam[opt=1] number options.cap longest pause in seconds (or first, if that is more)
-- @tparam[opt] number options.jitter part of a pause that is random, 0 to 1; default 0.2 with
--   `random`, else 0
-- @tparam[opt] fun():number options.random called without arguments, gives a float in [0, 1)
-- @treturn backoff with `:next()` and `:reset()`
function retry.backoff(options)
  local backoff = new_backoff(AT_BACKOFF, options or {})
  return backoff
end

--- Calls a function until it succeeds.
--
-- It stops after `attempts` calls, at an error that is not retryable, and when the next pause would
-- end at or after the deadline: waiting for a try that cannot be made helps nobody.
-- @tparam function fn called with the number of the attempt, from 1; returns anything but nil on
--   success, or nil and an error
-- @tparam[opt] table options
-- @tparam[opt] integer options.attempts how often to call at most, default 5, or no limit where a
--   deadline is given
-- @tparam[opt] number options.deadline seconds from now; needs `now`
-- @tparam[opt] backoff|table options.backoff what retry.backoff returns, or its options; reset at
--   the start
-- @tparam[opt] fun(seconds:number) options.sleep pauses for some seconds (node.sleep); needed where
--   attempts may be more than 1
-- @tparam[opt] fun():number options.now a clock in seconds (node.now)
-- @tparam[opt] fun(err:any):boolean options.retryable gets an error, says whether to try again;
--   default: always
-- @return what `fn` returned; or nil, the last error, and the number of calls made
function retry.call(fn, options)
  options = options or {}
  check_keys(AT_CALL, options, "attempts deadline backoff sleep now retryable")
  check(AT_CALL, type(fn) == "function", "expected a function, got %s", type(fn))
  local deadline = number(AT_CALL, options, "deadline", nil, 0, math.huge)
  local attempts = number(AT_CALL, options, "attempts", deadline and math.huge or 5, 1, math.huge)
  local now = callable(AT_CALL, options, "now", deadline ~= nil)
  local sleep = callable(AT_CALL, options, "sleep", attempts > 1)
  local retryable = callable(AT_CALL, options, "retryable")
  local backoff = options.backoff
  if getmetatable(backoff) ~= Backoff then
    backoff = new_backoff(AT_CALL_BACKOFF, backoff or {})
  end
  backoff:reset()
  local give_up_at = deadline and now() + deadline

  local attempt = 0
  while true do
    attempt = attempt + 1
    local results = table.pack(fn(attempt))
    if results[1] ~= nil then
      return table.unpack(results, 1, results.n)
    end
    local err = results[2]
    if attempt >= attempts or (retryable and not retryable(err)) then
      return nil, err, attempt
    end
    local pause = backoff:next()
    if give_up_at and now() + pause >= give_up_at then
      return nil, err, attempt
    end
    sleep(pause)
  end
end

local Breaker = { __name = "hearsay.breaker" }
Breaker.__index = Breaker

local function is_cool(breaker)
  return breaker.now() - breaker.opened_at >= breaker.cooldown
end

--- Whether to make a call now. Each call that was allowed is to be answered by `:success()` or
-- `:failure()`. After the cool-down one call is let through to see; should its verdict never come,
-- the next one is let through a cool-down later.
-- @treturn boolean
function Breaker:allow()
  if not self.opened_at then
    return true
  elseif not is_cool(self) then
    return false
  end
  self.opened_at = self.now()
  self.trial = true
  return true
end

--- Says that a call worked: the breaker closes.
function Breaker:success()
  self.failed = 0
  self.opened_at = nil
  self.trial = false
end

--- Says that a call failed: the breaker opens at the limit, and again when a trial fails.
-- A failure of a call from before it opened does not prolong the cool-down.
function Breaker:failure()
  self.failed = self.failed + 1
  if self.trial or (not self.opened_at and self.failed >= self.failures) then
    self.opened_at = self.now()
    self.trial = false
  end
end

--- What the breaker does now.
-- @treturn string "closed": all calls go; "open": none; "half-open": one goes, or is under way
function Breaker:state()
  if not self.opened_at then
    return "closed"
  end
  return (self.trial or is_cool(self)) and "half-open" or "open"
end

--- A circuit breaker: stops calls to somebody who failed several times in a row.
-- @tparam table options
-- @tparam[opt=5] integer options.failures how many in a row open it
-- @tparam[opt=1] number options.cooldown seconds until one call is tried
-- @tparam fun():number options.now a clock in seconds (node.now)
-- @treturn breaker with `:allow()`, `:success()`, `:failure()`, `:state()`
function retry.breaker(options)
  options = options or {}
  check_keys(AT_BREAKER, options, "failures cooldown now")
  return setmetatable({
    failures = number(AT_BREAKER, options, "failures", 5, 1, math.huge),
    cooldown = number(AT_BREAKER, options, "cooldown", 1, 0, math.huge),
    now = callable(AT_BREAKER, options, "now", true),
    failed = 0,
    trial = false,
  }, Breaker)
end

return retry
