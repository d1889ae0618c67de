--- Broken: each node keeps logs of its own, and hands out the offsets that the others hand out.

local logs = require "kafka_logs"

logs.serve(logs.here())
