---@meta hearsay.world
-- Written by `make docs`.

---A simulated cluster: what the bench and hearsay.testing are made of, and what a fault acts on, as
---`cluster.world`. Times are seconds of virtual time. Functions given to it run inside world:run; an
---error in one ends the run and is raised there.
---@class hearsay.world
---@field SUSPECT string why a run ended that is to be repeated without `probed`
local world = {}

---@class hearsay.world.new.options
---@field seed integer
---@field latency? number (default 0) mean, in seconds
---@field latency_dist? string (default "constant") `constant`, `uniform` or `exponential`
---@field head_of_line? boolean (default true)
---@field sync_time? number (default 0.001) of a node's disk, in seconds
---@field real_time? boolean (default false) nodes are processes, and time is real
---@field max_line? integer bytes that a line between servers may have: a longer one ends the run
---@field limits? string[] options of ./node that set one, each followed by its value
---@field patience? number (default 10) seconds for which a process may read nothing of what it is sent
---@field probed? boolean (default false) the instructions of handlers are not counted; a handler that takes long ends the run with SUSPECT, and it is to be repeated without this option

---Makes a world.
---@param options hearsay.world.new.options
---@return hearsay.world.world
function world.new(options) end

---The path of a script, looked for as ./node does.
---@param name string
---@return string|nil
---@return string|nil # where it was looked for
function world.find_script(name) end

---@class hearsay.world.world
local a_world = {}

---Starts a node.
---@param id string
---@param words string[] a script, or in real time a program, and its arguments
---@return boolean|nil # true
---@return string|nil # what is wrong with it
function a_world:add_node(id, words) end

---Adds one that sends and receives, run by a function.
---@param id string
---@param kind string "client" (no latency, counted apart) or "service"
---@param fn fun(body:table,src:string) called with each message
function a_world:add(id, kind, fn) end

---Closes a client: what comes for it from here on is dropped.
---@param id string
function a_world:close(id) end

---Sends a message.
---@param src string
---@param dest string
---@param body table
function a_world:send(src, dest, body) end

---Calls a function after a time.
---@param delay number seconds
---@param fn function
---@return hearsay.world.event
function a_world:after(delay, fn) end

---@class hearsay.world.event
local a_event = {}

---Cancels what was to be called. One that has been called is left alone.
function a_event:cancel() end

---Runs until so many seconds have passed, or world:stop was called.
---@param duration number seconds
---@return boolean|nil # true
---@return string|nil # why not: a node did what it must not
function a_world:run(duration) end

---Ends the run after the present event.
function a_world:stop() end

---Virtual time.
---@return integer # microseconds since the world began, from a start that is not 0
function a_world:now_us() end

---From here on a node drops what comes from another.
---@param receiver string
---@param sender string
function a_world:cut(receiver, sender) end

---Takes one such cut back.
---@param receiver string
---@param sender string
function a_world:mend(receiver, sender) end

---Ends all cuts.
function a_world:heal() end

---Ends a node as a loss of power would: its memory is gone. What it has synced to its disk stays,
---and a random prefix of what it has written since. A process ends as by SIGKILL.
---
---Raises when it does not
---@param id string a node that runs
function a_world:kill(id) end

---Whether a node was not killed.
---@param id string
---@return boolean
function a_world:is_running(id) end

---Starts a node that was killed. It knows what is on its disk, and needs an init.
---@param id string
---@return boolean|nil # true
---@return string|nil # what is wrong with the script
function a_world:start(id) end

---The bytes of a file on a node's disk.
---@param id string
---@param name string of one that `files` lists
---@param bytes? string what it is to have from now on, or false to remove it; the file must be closed, as when the node was killed
---@return string? # what it has, or had until now; nil when there is no such file
function a_world:file(id, name, bytes) end

---The names of the files on a node's disk, in the order in which they were made.
---@param id string
---@return table # array of strings
function a_world:files(id) end

---From here on a node does nothing, as if stopped by SIGSTOP: messages wait, clocks go on.
---@param id string
function a_world:pause(id) end

---A node that was paused goes on.
---@param id string
function a_world:resume(id) end

---Sets a node's wall clock off the true time.
---@param id string
---@param offset number seconds, either way
function a_world:skew(id, offset) end

---Sets how much of a fault happens to messages between servers.
---@param name string loss, duplicate, reorder: amount is a probability; spike: by which part latencies are longer, such as 9 for ten times as long
---@param amount number 0 ends it
function a_world:fault(name, amount) end

---Messages so far. `longest` is there when servers have sent any between them.
---@return table # {clients = {sent, received}, servers = {sent, received}, longest = {bytes, src, dest}}
function a_world:counts() end

---A number over all that was sent and received, and when: equal runs have equal ones.
---@return string # 16 hexadecimal digits
function a_world:fingerprint() end

---The message journal since the last call: a line of JSON for each message sent or
---received. The first call turns it on.
---@return string
function a_world:journal() end

---The diagnostics of a node so far.
---@param id string
---@return string
function a_world:log(id) end

---The message types that a node's script handles, in byte order.
---@param id string
---@return string[]
function a_world:types(id) end

---The Lua files that a node's script has required.
---@param id string
---@return string[] # paths
function a_world:sources(id) end

return world
