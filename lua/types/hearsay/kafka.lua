---@meta hearsay.kafka
-- Written by `make docs`.

---The requests of a kafka-like log, checked: what a node does with them is the script's.
---
---    kafka.serve {
---      send = function(key, message) .. return offset end,
---      poll = function(key, from) .. return array end,
---      commit = function(key, offset) .. end,
---      committed = function(key) .. return offset end,
---    }
---
---The requests, with any number of keys in all but the first:
---
---    send {key, msg}                  -> send_ok {offset}
---    poll {offsets: {key: from}}      -> poll_ok {msgs: {key: [[offset, msg], ..]}}
---    commit_offsets {offsets}         -> commit_offsets_ok
---    list_committed_offsets {keys}    -> list_committed_offsets_ok {offsets}
---
---What is not of this form, such as an offset that is no whole number from 0, gets error 12 before
---anything is done, also where only one of several keys is wrong.
---@class hearsay.kafka
local kafka = {}

---@class hearsay.kafka.serve.script
---@field send fun(key:string,value:any,msg:hearsay.message):integer? takes a message; returns its offset, or nil when it has replied to `msg`, the request, by itself, or will
---@field refresh? fun() called once before a poll or a list of committed offsets is answered
---@field poll? fun(key:string,from:integer):table returns an array of {offset, message} from an offset on
---@field commit? fun(key:string,offset:integer) takes note that a consumer has got so far
---@field committed? fun(key:string):integer? returns the committed offset of a key, or nil when there is none
---@field poll_all? fun(offsets:table,keys:string[]):table in place of poll, for all keys at once: returns key to array
---@field commit_all? fun(offsets:table,keys:string[]) in place of commit
---@field committed_all? fun(keys:string[]):table in place of committed: returns key to offset

---Registers the handlers of the four requests.
---@param script hearsay.kafka.serve.script functions, each of which may wait and raise as a handler may
function kafka.serve(script) end

---Gives up the messages of a key that are committed, but for the last few: they are kept no longer
---than somebody needs them. A poll from below them begins with the first one that is kept.
---@param logs any see hearsay.log
---@param key string
---@param keep number how many offsets below the one behind the committed one; math.huge: all
---@param below? integer nothing from this offset on is given up, though it were committed
function kafka.retain(logs, key, keep, below) end

---Hands on what a store replied; where it is an error, raises it, so that it is this node's reply.
---@param value any
---@param err hearsay.errors.err
---@return any # the value
function kafka.need(value, err) end

---Committed offsets that are kept in a key-value store, a key each, and only grow.
---@param store hearsay.kv.Store see hearsay.kv
---@return fun(key:string,offset:integer) # commit, as kafka.serve takes it
---@return fun(key:string):integer? # committed, as kafka.serve takes it
function kafka.commits_in(store) end

return kafka
