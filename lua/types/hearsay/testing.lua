---@meta hearsay.testing
-- Written by `make docs`.

---A simulated cluster for a script's own tests: start nodes in virtual time, ask them, cut them
---off, kill them, let time pass, and look at what they sent.
---
---    local testing = require "hearsay.testing"
---
---    describe("my broadcast", function()
---      it("reaches everybody within a second", function()
---        local nodes = testing.start("broadcast.lua", { nodes = 5, latency = 100 })
---        nodes:ask("n0", { type = "broadcast", message = 7 })
---        nodes:eventually(1, function()
---          local reply = nodes:ask("n4", { type = "read" })
---          return reply.messages[1] == 7
---        end)
---      end)
---    end)
---
---Run it by `./node --lua scripts/busted.lua my_spec.lua`. Nothing here waits for real time, and
---the same seed gives the same run. What goes wrong in the cluster itself raises.
---@class hearsay.testing
local testing = {}

---The ids of n nodes: n0, n1, ..
---@param n integer
---@return string[]
function testing.ids(n) end

---Loads a script into the nodes of a new cluster; no message is sent yet.
---@param script string its text, or its path: one line that ends with .lua. Only a node whose script has a path can be restarted
---@param options table as for start; `nodes` is a list
---@return table|nil # the cluster, see sim.cluster
---@return string|nil # why the script does not load
function testing.load(script, options) end

---@class hearsay.testing.start.options
---@field nodes? integer|string[] (default 1) a list of ids, or how many
---@field args? string[] the script's arguments
---@field seed? integer (default 1) the same one gives the same run
---@field latency? number (default 0) mean, in milliseconds
---@field latency_dist? string (default "constant") `constant`, `uniform` or `exponential`
---@field head_of_line? boolean (default false) whether a question waits behind the messages that are under way, as under Maelstrom
---@field sync_time? number (default 1) what a sync of a node's disk takes, in milliseconds
---@field init? boolean (default true) false leaves it to the test

---Starts a cluster and initialises it.
---@param script string its text, or its path
---@param options? hearsay.testing.start.options
---@return hearsay.testing.Nodes # `ids`, and the methods below
function testing.start(script, options) end

---@class hearsay.testing.Nodes
local a_nodes = {}

---Seconds since the start.
---@return number
function a_nodes:now() end

---Lets time pass.
---@param seconds number
function a_nodes:run(seconds) end

---Asks a node as a client does, and lets time pass until it has replied.
---@param id string
---@param body table
---@param timeout? number (default 5) seconds
---@return table|nil # the reply's body
---@return hearsay.errors.err|nil
function a_nodes:ask(id, body, timeout) end

---Asks some nodes at the same instant, without letting time pass.
---@param ids string[]
---@param body_for fun(id:string):table returns the body for a node
---@return table # id to reply; those that do not reply at once are missing
function a_nodes:ask_now(ids, body_for) end

---Sends a node a message as it is, from somebody who does not listen.
---@param id string
---@param body table
function a_nodes:tell(id, body) end

---Cuts the nodes of one side off from those of the other, both ways.
---@param left string[] node ids
---@param right string[] node ids
function a_nodes:cut(left, right) end

---Cuts nodes off from all others.
---@param ... string node ids
function a_nodes:isolate(...) end

---Ends all cuts.
function a_nodes:heal() end

---Ends a node as a loss of power would. Its disk keeps what was synced, and a random prefix of
---what was written since, drawn from the seed.
---@param id string
function a_nodes:kill(id) end

---Starts a node that was killed: it knows what is on its disk.
---@param id string
function a_nodes:start(id) end

---Has a node stand still until it is resumed.
---@param id string
function a_nodes:pause(id) end

---A node that was paused goes on, with what came for it meanwhile.
---@param id string
function a_nodes:resume(id) end

---Lets time pass until something is so.
---
---Raises when it is not so within the bound
---@param bound number seconds
---@param holds fun():boolean returns whether it is so; looked at 100 times within the bound
---@return number # the seconds that it took
function a_nodes:eventually(bound, holds) end

---Kills a node and starts it again at the same instant.
---@param id string
function a_nodes:restart(id) end

---The names of the files on a node's disk, sorted.
---@param id string
---@return table # array
function a_nodes:files(id) end

---The bytes of a file on a node's disk; or sets them, while the node is killed.
---@param id string
---@param name string of one that files lists
---@param bytes? string what it is to have, or false: it is removed
---@return string? # what it has, or had until now; nil when there is no such file
function a_nodes:file(id, name, bytes) end

---What happened since the last call, without what clients sent or got.
---@return table[] # {time (seconds since the start), event ("send" or "recv"), src, dest, body}, in their order
function a_nodes:journal() end

---The messages that nodes sent each other since the last call of this or of journal.
---@return table[] # as of journal
function a_nodes:sent() end

---What a node wrote to its diagnostics.
---@param id string
---@return string
function a_nodes:log(id) end

return testing
