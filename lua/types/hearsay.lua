---@meta hearsay
-- Written by `make docs`.

---A message, as a handler is given it.
---@class hearsay.message
---@field src string who sent it
---@field dest string this node
---@field body table `type`, `msg_id` where a reply is expected, and what else the sender put there

---A node: what a script that is one node of a cluster can do.
---
---    local node = require "hearsay"
---
---    node.on("echo", function(msg)
---      return { type = "echo_ok", echo = msg.body.echo }
---    end)
---
---Each message runs its handler in a coroutine of its own, so a handler may wait
---in `node.rpc` and `node.sleep` while others run. Times are seconds. Wrong
---arguments raise; what the network can cause is `nil, err`.
---
---The verbs are C (core/bind/core.c); lua/hearsay/init.lua adds what is easier said in Lua.
---@class hearsay
---@field id string of this node
---@field ids string[] of all nodes
---@field peers string[] all but this one
local node = {}

---Registers the handler of a message type.
---
---Raises on a second handler for a type
---@param message_type string
---@param fields? table what the body must have, such as `{ delta = "integer", note = "string?" }`: a body without it gets error 12 (malformed-request). A natural is an integer from 0, seconds are a number from 0 to 10^9
---@param fn fun(msg:hearsay.message):table? a table that it returns is the reply's body, nil is no reply. An error made by `errors.new` that it raises is sent as the reply; any other error is sent as 13 (crash), and its traceback goes to stderr
---@overload fun(message_type: string, fn: fun(msg:hearsay.message):table?)
function node.on(message_type, fields, fn) end

---Sends a request and waits for its reply.
---
---Raises where one cannot wait: in the main part, in a coroutine of the script's own; and when as
---many requests are under way as --max-rpcs allows
---@param dest string
---@param body table the host adds `msg_id`, counted from a random number on, so that no earlier run of this node had the same
---@param timeout? number (default 1) in seconds
---@return table|nil # the reply's body
---@return hearsay.errors.err|nil # the error that came as the reply, or `timeout`
function node.rpc(dest, body, timeout) end

---Writes a line to stderr, with time and node id.
---@param format string as of string.format, when arguments follow
---@param ... any its arguments
function node.log(format, ...) end

---Random numbers, as math.random; the same for the same seed in the bench.
---@param m? integer with `n` the least; alone, the greatest, from 1
---@param n? integer the greatest
---@return number # without arguments a float in [0, 1), else an integer
function node.random(m, n) end

---A script's parameters: the table at its top, in which its arguments may change a value. So
---another window or policy is tried without an edit, and several are compared:
---
---    local policy = node.parameters({ policy = "hub", window = 0.3 }, ...)
---
---    ./sim compare --bin "./node mine.lua window=0.1" --bin "./node mine.lua window=1"
---
---Raises on a name that is not in the table, and on a value of another type
---@param defaults table name to a number, string or boolean; it is not changed
---@param ... string the script's arguments, each `name=value`
---@return table # the defaults, with what the arguments changed
function node.parameters(defaults, ...) end

---Calls a function when `init` has come and node.id is known; `init` is answered when it has ended, or
---waits. It may be called several times, for a function each; they run in that order.
---@param fn function
function node.on_init(fn) end

---Sends a message, and does not wait.
---
---Raises before init, when the body has no `type`, and when JSON cannot say it
---@param dest string
---@param body table
function node.send(dest, body) end

---Replies to a message. A handler that returns the reply's body does not need it.
---
---Raises as node.send
---@param msg hearsay.message one without `msg_id` wants no reply, and gets none
---@param body table
function node.reply(msg, body) end

---Waits; other handlers run meanwhile.
---
---Raises where one cannot wait: in the main part, in a coroutine of the script's own
---@param seconds number from 0 to 10^9
function node.sleep(seconds) end

---Runs a function in a coroutine of its own, soon, but not now.
---
---Raises when there are as many coroutines as --max-tasks allows
---@param fn function
---@param ... any its arguments
function node.spawn(fn, ...) end

---Calls a function later, in a coroutine of its own.
---
---Raises when there are as many timers as --max-timers allows
---@param delay number seconds, from 0 to 10^9
---@param fn function
---@return hearsay.timer
function node.after(delay, fn) end

---Calls a function again and again, each time in a coroutine of its own, the first time after one
---period. A node that fell behind skips the periods that it missed.
---
---Raises when there are as many timers as --max-timers allows
---@param period number seconds, from 10^-6 to 10^9
---@param fn function
---@param jitter? number (default 0) part of the period that is random, either way; less than 1
---@return hearsay.timer
function node.every(period, fn, jitter) end

---The time on this node's clock, which only goes forward; from where it starts means nothing.
---@return number # seconds
function node.now() end

---@class hearsay.timer
local a_timer = {}

---Cancels a timer. One that has run, or was cancelled, is left alone.
function a_timer:cancel() end

return node
