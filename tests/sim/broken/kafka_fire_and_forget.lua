--- Broken: a send gets its offset from the first node, and then its entry goes there in a message
-- of which nobody asks whether it arrived. When a partition begins in between, the entry is lost.

local logs = require "kafka_logs"
local node = require "hearsay"

logs.serve(logs.in_two_steps(node.send))
