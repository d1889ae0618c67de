local retry = require "hearsay.retry"

local function take(wait, n)
  local list = {}
  for i = 1, n do
    list[i] = wait:next()
  end
  return list
end

-- A clock that only sleeping moves, and what was slept.
local function world()
  local w = { time = 100, slept = {} }
  w.now = function() return w.time end
  w.sleep = function(s)
    w.slept[#w.slept + 1] = s
    w.time = w.time + s
  end
  return w
end

local function assert_error_here(fn, expected)
  local ok, message = pcall(fn)
  assert.is_false(ok)
  assert.matches("^[^:]*retry_spec.lua:%d+: ", message)
  assert.matches(expected, message, 1, true)
end

describe("backoff", function()
  it("grows by its factor up to its cap", function()
    local wait = retry.backoff({ first = 0.5, factor = 2, cap = 3 })
    assert.same({ 0.5, 1, 2, 3, 3, 3 }, take(wait, 6))
  end)

  it("has a cap by default", function()
    assert.equal(1, take(retry.backoff(), 50)[50])
    assert.equal(5, take(retry.backoff({ first = 5 }), 50)[50])
    assert.equal(0.1, retry.backoff():next())
  end)

  it("grows without end only when asked to", function()
    assert.equal(2.0 ^ 40, take(retry.backoff({ first = 1, cap = math.huge }), 41)[41])
  end)

  it("starts again after a reset", function()
    local wait = retry.backoff({ first = 1, cap = 8 })
    take(wait, 3)
    wait:reset()
    assert.same({ 1, 2 }, take(wait, 2))
  end)

  it("takes off a random part of at most the jitter", function()
    local numbers = { 0, 0.5, 1 }
    local at = 0
    local wait = retry.backoff({ first = 1, factor = 1, jitter = 0.4, random = function()
      at = at + 1
      return numbers[at]
    end })
    assert.same({ 1, 0.8, 0.6 }, take(wait, 3))
  end)

  it("has jitter by default where it is given numbers, and grows as without it", function()
    local wait = retry.backoff({ first = 1, cap = 4, random = function() return 1 end })
    assert.same({ 0.8, 1.6, 3.2, 3.2 }, take(wait, 4))
  end)

  it("says what it expected, at the caller's line", function()
    assert_error_here(function() retry.backoff({ first = -1 }) end,
      "retry.backoff: first must be a number from 0 up, got -1")
    assert_error_here(function() retry.backoff({ first = 0 / 0 }) end, "first must be a number")
    assert_error_here(function() retry.backoff({ factor = 0.5 }) end,
      "factor must be a number from 1 up")
    assert_error_here(function() retry.backoff({ cap = "x" }) end, "cap must be a number")
    assert_error_here(function() retry.backoff({ first = 2, cap = 1 }) end,
      "retry.backoff: cap must not be below first, got 1 and 2")
    assert_error_here(function() retry.backoff({ jitter = 0.5 }) end,
      "jitter needs a random function")
    assert_error_here(function() retry.backoff({ jitter = 2, random = math.abs }) end,
      "jitter must be a number from 0 to 1, got 2")
    assert_error_here(function() retry.backoff({ random = 5 }) end, "random must be a function")
    assert_error_here(function() retry.backoff({ max = 5 }) end,
      "unknown option max; known are first, factor, cap, jitter, random")
    assert_error_here(function() retry.backoff(5) end, "expected a table of options, got number")
  end)
end)

describe("retry.call", function()
  it("returns all that the function returns, at the first success", function()
    local w = world()
    local calls = 0
    local a, b, c = retry.call(function(attempt)
      calls = calls + 1
      assert.equal(calls, attempt)
      if attempt < 3 then
        return nil, "not yet"
      end
      return 7, nil, "third"
    end, { sleep = w.sleep, backoff = { first = 1, cap = 10 } })
    assert.same({ 7, "third", 3 }, { a, c, calls })
    assert.is_nil(b)
    assert.same({ 1, 2 }, w.slept)
  end)

  it("takes false for a result", function()
    assert.is_false(retry.call(function() return false end, { attempts = 1 }))
  end)

  it("gives up after some attempts, five by default, without a last pause", function()
    local w = world()
    local result, err, attempts = retry.call(function(n) return nil, "no " .. n end,
      { sleep = w.sleep })
    assert.is_nil(result)
    assert.same({ "no 5", 5, 4 }, { err, attempts, #w.slept })
    assert.same({ "no 2", 2 }, { select(2, retry.call(function(n) return nil, "no " .. n end,
      { attempts = 2, sleep = w.sleep })) })
  end)

  it("gives up at an error that is not retryable", function()
    local w = world()
    local _, err, attempts = retry.call(function(n) return nil, n end,
      { sleep = w.sleep, retryable = function(e) return e < 3 end })
    assert.same({ 3, 3 }, { err, attempts })
  end)

  it("does not wait for a try after the deadline", function()
    local w = world()
    local calls = 0
    local _, err, attempts = retry.call(function()
      calls = calls + 1
      return nil, "down"
    end, { deadline = 10, now = w.now, sleep = w.sleep, backoff = { first = 4, factor = 1 } })
    assert.same({ "down", 3, 3, 108 }, { err, attempts, calls, w.time })
  end)

  it("counts the time that the function itself takes", function()
    local w = world()
    local _, _, attempts = retry.call(function()
      w.time = w.time + 3
      return nil, "slow"
    end, { deadline = 10, now = w.now, sleep = w.sleep, backoff = { first = 1, factor = 1 } })
    assert.equal(3, attempts)
  end)

  it("has no limit of attempts where there is a deadline", function()
    local w = world()
    local _, _, attempts = retry.call(function() return nil, "down" end,
      { deadline = 10, now = w.now, sleep = w.sleep, backoff = { first = 0.125, factor = 1 } })
    assert.equal(80, attempts)
  end)

  it("starts a backoff again that was used before", function()
    local w = world()
    local wait = retry.backoff({ first = 1, cap = 8 })
    take(wait, 3)
    retry.call(function() return nil, "no" end, { attempts = 2, sleep = w.sleep, backoff = wait })
    assert.same({ 1 }, w.slept)
  end)

  it("lets what the function raises pass", function()
    assert.has_error(function()
      retry.call(function() error("bug", 0) end, { attempts = 1 })
    end, "bug")
  end)

  it("says what it expected, at the caller's line", function()
    local fn = function() return 1 end
    assert_error_here(function() retry.call(5) end, "retry.call: expected a function, got number")
    assert_error_here(function() retry.call(fn) end,
      "retry.call: sleep must be a function, got nil")
    assert_error_here(function() retry.call(fn, { deadline = 1, sleep = fn }) end,
      "retry.call: now must be a function, got nil")
    assert_error_here(function() retry.call(fn, { attempts = 0, sleep = fn }) end,
      "attempts must be a number from 1 up, got 0")
    assert_error_here(function() retry.call(fn, { retries = 3 }) end, "unknown option retries")
    assert_error_here(function() retry.call(fn, { sleep = fn, backoff = { first = -1 } }) end,
      "retry.call: backoff: first must be a number")
    assert_error_here(function()
      retry.call(fn, { sleep = fn, backoff = { first = 2, cap = 1 } })
    end, "retry.call: backoff: cap must not be below first")
  end)
end)

describe("breaker", function()
  local w, breaker
  before_each(function()
    w = world()
    breaker = retry.breaker({ failures = 3, cooldown = 2, now = w.now })
  end)

  local function fail(n)
    for _ = 1, n do
      assert.is_true(breaker:allow())
      breaker:failure()
    end
  end

  it("opens after so many failures in a row", function()
    fail(2)
    assert.same({ "closed", true }, { breaker:state(), breaker:allow() })
    breaker:failure()
    assert.same({ "open", false }, { breaker:state(), breaker:allow() })
  end)

  it("forgets failures at a success", function()
    fail(2)
    breaker:success()
    fail(2)
    assert.equal("closed", breaker:state())
  end)

  it("lets one call through after the cool-down", function()
    fail(3)
    w.time = w.time + 1.9
    assert.is_false(breaker:allow())
    w.time = w.time + 0.1
    assert.equal("half-open", breaker:state())
    assert.is_true(breaker:allow())
    assert.same({ false, "half-open" }, { breaker:allow(), breaker:state() })
  end)

  it("closes when that call works", function()
    fail(3)
    w.time = w.time + 2
    breaker:allow()
    breaker:success()
    assert.equal("closed", breaker:state())
    fail(2)
    assert.is_true(breaker:allow())
  end)

  it("opens for another cool-down when that call fails", function()
    fail(3)
    w.time = w.time + 2
    breaker:allow()
    w.time = w.time + 1
    breaker:failure()
    assert.equal("open", breaker:state())
    w.time = w.time + 1.5
    assert.is_false(breaker:allow())
    w.time = w.time + 0.5
    assert.is_true(breaker:allow())
  end)

  it("is not prolonged by late failures of earlier calls", function()
    fail(3)
    w.time = w.time + 1
    breaker:failure()
    w.time = w.time + 1
    assert.is_true(breaker:allow())
  end)

  it("tries again when the verdict on its one call never comes", function()
    fail(3)
    w.time = w.time + 2
    assert.is_true(breaker:allow())
    w.time = w.time + 2
    assert.is_true(breaker:allow())
    assert.is_false(breaker:allow())
  end)

  it("opens at five failures and cools down for a second by default", function()
    breaker = retry.breaker({ now = w.now })
    fail(5)
    assert.is_false(breaker:allow())
    w.time = w.time + 1
    assert.is_true(breaker:allow())
  end)

  it("says what it expected, at the caller's line", function()
    assert_error_here(function() retry.breaker({}) end,
      "retry.breaker: now must be a function, got nil")
    assert_error_here(function() retry.breaker({ now = w.now, failures = 0 }) end,
      "failures must be a number from 1 up, got 0")
    assert_error_here(function() retry.breaker({ now = w.now, timeout = 1 }) end,
      "unknown option timeout; known are failures, cooldown, now")
  end)
end)
