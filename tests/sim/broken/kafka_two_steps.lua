--- Broken: an offset is handed out in one step, and its entry stored in another. Two sends may come
-- to the second step the other way round, and a consumer that was shown the later entry in between
-- has gone past the earlier one.

local logs = require "kafka_logs"

logs.serve(logs.in_two_steps(logs.ask))
