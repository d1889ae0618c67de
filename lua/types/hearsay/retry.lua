---@meta hearsay.retry
-- Written by `make docs`.

---Trying again: backoff with a cap, deadlines, a circuit breaker.
---
---Everything here is arithmetic on what is handed in: the clock, the sleep and
---the random numbers come from the caller, so it runs the same in a node, in
---the bench's virtual time and in a test.
---
---    local wait = retry.backoff { first = 0.1, factor = 2, cap = 1, random = node.random }
---    while not node.rpc(dest, body, 0.5) do node.sleep(wait:next()) end
---
---There is always a cap unless a caller asks for math.huge: time-outs that grow
---without one are so long after a partition that no retry lands before somebody
---looks, and values count as lost.
---@class hearsay.retry
local retry = {}

---@class hearsay.retry.backoff.options
---@field first? number (default 0.1) first pause in seconds
---@field factor? number (default 2) what each pause is multiplied with
---@field cap? number (default 1) longest pause in seconds (or first, if that is more)
---@field jitter? number part of a pause that is random, 0 to 1; default 0.2 with `random`, else 0
---@field random? fun():number called without arguments, gives a float in [0, 1)

---A sequence of growing pauses.
---@param options? hearsay.retry.backoff.options
---@return hearsay.retry.Backoff # with `:next()` and `:reset()`
function retry.backoff(options) end

---@class hearsay.retry.call.options
---@field attempts? integer how often to call at most, default 5, or no limit where a deadline is given
---@field deadline? number seconds from now; needs `now`
---@field backoff? hearsay.retry.Backoff|table what retry.backoff returns, or its options; reset at the start
---@field sleep? fun(seconds:number) pauses for some seconds (node.sleep); needed where attempts may be more than 1
---@field now? fun():number a clock in seconds (node.now)
---@field retryable? fun(err:any):boolean gets an error, says whether to try again; default: always

---Calls a function until it succeeds.
---
---It stops after `attempts` calls, at an error that is not retryable, and when the next pause would
---end at or after the deadline: waiting for a try that cannot be made helps nobody.
---@param fn function called with the number of the attempt, from 1; returns anything but nil on success, or nil and an error
---@param options? hearsay.retry.call.options
---@return any # what `fn` returned; or nil, the last error, and the number of calls made
function retry.call(fn, options) end

---@class hearsay.retry.breaker.options
---@field failures? integer (default 5) how many in a row open it
---@field cooldown? number (default 1) seconds until one call is tried
---@field now fun():number a clock in seconds (node.now)

---A circuit breaker: stops calls to somebody who failed several times in a row.
---@param options hearsay.retry.breaker.options
---@return hearsay.retry.Breaker # with `:allow()`, `:success()`, `:failure()`, `:state()`
function retry.breaker(options) end

---@class hearsay.retry.Backoff
local a_backoff = {}

---The pause before the next try, in seconds. The n-th is min(cap, first * factor^(n-1)), less a
---random part of at most `jitter` of itself, so that nodes that failed together do not come back
---together and no pause is longer than the cap.
---@return number # seconds
function a_backoff:next() end

---Starts again from the first pause: call it after a success.
function a_backoff:reset() end

---@class hearsay.retry.Breaker
local a_breaker = {}

---Whether to make a call now. Each call that was allowed is to be answered by `:success()` or
---`:failure()`. After the cool-down one call is let through to see; should its verdict never come,
---the next one is let through a cool-down later.
---@return boolean
function a_breaker:allow() end

---Says that a call worked: the breaker closes.
function a_breaker:success() end

---Says that a call failed: the breaker opens at the limit, and again when a trial fails.
---A failure of a call from before it opened does not prolong the cool-down.
function a_breaker:failure() end

---What the breaker does now.
---@return string # "closed": all calls go; "open": none; "half-open": one goes, or is under way
function a_breaker:state() end

return retry
