---@meta hearsay.log
-- Written by `make docs`.

---Append-only logs, one a key, with offsets that may be sparse, and committed offsets; in memory, or
---in files of the node too.
---
---    local log = require "hearsay.log"
---
---    local logs = log.new()
---    local offset = logs:append("k1", 17)                -- 0
---    return { type = "poll_ok", msgs = { k1 = logs:read("k1", 0, 100) } }
---
---Entries are kept as the text that a message has, so that a read copies bytes. `#logs` is the number
---of entries of all keys.
---
---Cost: a key is found in O(1); append is O(1), insert O(log n) and at most a page of 4 KB moved,
---wherever it goes; an entry takes its text and 2 to 7 bytes. See core/store/log.h.
---@class hearsay.log
local log = {}

---New logs, without keys, in memory.
---@return hearsay.log.log
function log.new() end

---@class hearsay.log.open.options
---@field segment? integer (default 4194304) bytes after which the next segment is begun, 4096 or more. It may be another each time. Compaction reads and writes so much at once, and looks at the records in smaller steps; recovery needs so much memory besides the logs

---Opens the logs that are in files of this node, and makes them if they are not there. What they
---take goes there at once, and is sure to be there after a sync. In the bench each node has a
---simulated disk; ./node keeps them in the folder that --data gives, in one called as the node:
---`name`, and a file for each segment beside it. A log of an older version is taken over.
---
---Raises before init, and where there is no node
---@param name string up to 200 letters, digits, '_', '.' and '-'
---@param options? hearsay.log.open.options
---@return hearsay.log.log|nil
---@return string|nil # why not: there is no folder, it cannot be written, the log is open already, here or in another process, it was damaged, or it is of a newer version. The files are then as they were
function log.open(name, options) end

---@class hearsay.log.log
local a_log = {}

---Puts a value at the next free offset of a key: 0, or one above the highest.
---
---Raises when JSON cannot say the value
---@param key string
---@param value any anything that JSON can say
---@return integer|nil # the offset
---@return string|nil # why not: there is no higher offset
function a_log:append(key, value) end

---Puts a value at an offset of a key, in whatever order offsets come.
---
---Raises when JSON cannot say the value
---@param key string
---@param offset integer from 0
---@param value any anything that JSON can say
---@return boolean|nil # true when it is new, false when an equal one was there
---@return string|nil # why not: the offset holds another value
function a_log:insert(key, offset, value) end

---Reads entries of a key in the order of their offsets; from below its start, from there on.
---Costs a copy of their text, which is spliced into the message.
---@param key string
---@param from? integer (default 0) the lowest offset
---@param max? integer how many entries at most
---@param below? integer only entries with lower offsets than this
---@return any # an array for a message's body: [[offset, value], ..]
---@return integer # how many entries are in it
---@return integer # the offset to read from next: behind the last of them, or `from`
function a_log:read(key, from, max, below) end

---The entries as a Lua table. Costs a table an entry.
---@param key string
---@param from? integer (default 0) the lowest offset
---@param max? integer how many entries at most
---@param below? integer only entries with lower offsets than this
---@return table[] # {offset, value}, ..
function a_log:entries(key, from, max, below) end

---The highest offset of a key; where none of its entries is kept, the one below its start.
---@param key string
---@return integer? # nil when the key never had entries
function a_log:last(key) end

---The number of entries of a key that are kept.
---@param key string
---@return integer
function a_log:count(key) end

---Raises the committed offset of a key. It never goes back.
---@param key string
---@param offset integer from 0
---@return integer # the committed offset now
function a_log:commit(key, offset) end

---The committed offset of a key.
---@param key string
---@return integer? # nil when nothing was committed
function a_log:committed(key) end

---Keeps the entries of a key from an offset on. Those below it are gone from now on: no read shows
---them, and one that comes late is not taken. On the disk they go when their segments are
---compacted; a kill before the next sync may bring them back. The start offset never goes back. It
---may lie behind the last entry, and then the next append goes there.
---@param key string
---@param offset integer from 0
---@return integer # the start offset now
function a_log:retain(key, offset) end

---The start offset of a key: nothing below it is kept.
---@param key string
---@return integer # 0 unless it was set by retain
function a_log:start(key) end

---The keys that have an entry, a committed or a start offset, in byte order.
---@return table # array of strings
function a_log:keys() end

---Closes the files, without a sync; nothing can be done with the logs any more. A variable with
---the attribute `<close>` does this too. Memory is given back when they are collected as garbage,
---since a finalizer may call this while one of the methods is at work.
function a_log:close() end

---Waits until all changes so far are durable: a kill does not undo them. All who wait at a time
---share one sync of the disk. Does not wait where nothing has changed since the last one, nor for
---logs in memory.
---
---Raises where one cannot wait: in the main part, in a coroutine of the script's own
---@return boolean|nil # true
---@return string|nil # what is wrong with the disk. After a sync that failed, all that follow fail; after a write that failed, because the disk is full, the next one tries again
function a_log:sync() end

---Rewrites the segments that are sealed and synced without what was given up: entries that are not
---retained, and committed and start offsets that were raised later. Waits until that is done, in
---small steps between which the node goes on. It also happens by itself, when that may give
---half of their space back. Nothing is done where there are none, or for logs in memory.
---
---Raises where one cannot wait: in the main part, in a coroutine of the script's own
---@return boolean|nil # true
---@return string|nil # what went wrong. The log is then as it was, and goes on, unless it is the disk that has failed: then syncs fail too
function a_log:compact() end

---What the log takes on the disk.
---@return integer # bytes; 0 for logs in memory
---@return integer # segments
function a_log:size() end

---What log.open has found in the files.
---@return table # {records (changes that were read back), cut_bytes (left by a write that did not get to its end; they were cut off)}
function a_log:recovered() end

return log
