-- What is measured by feeding lines to a node.
--
--   name       as the table shows it
--   input      the name of the file, and body(i), the text of its i-th message
--   prepare    so many messages come first and are not measured, count then are
--   script     for ./node, with its arguments; plain: the same under tests/bench/plain
--   asks       whether it asks other nodes: the plain one is told where its numbers are to begin
--   floor      whether tests/bench/floor.c can do it too
--   unit       of the figure: us a message, or a rate; each: so many of them a message is
--   target     the aim, in times the baseline; least: in units
--   guarded    its instructions are held to tests/bench/instructions.json

local inputs = require "inputs"

local function read_bytes(values)
  local bytes = 70
  for i = 1, values do
    bytes = bytes + #tostring(i) + 1
  end
  return bytes
end

return {
  { name = "echo", input = "echo", body = inputs.echo, count = 150000,
    script = "challenges/echo_1.lua", guarded = true,
    plain = "echo.lua", floor = true, target = 4, rounds = 5 },
  { name = "unique ids", input = "generate", body = inputs.generate, count = 150000,
    script = "challenges/unique_ids_2.lua", guarded = true, plain = "unique_ids.lua", target = 6 },
  { name = "broadcast, a client's write", input = "broadcast", body = inputs.broadcast,
    count = 100000, script = "challenges/broadcast_3a.lua", guarded = true,
    plain = "broadcast.lua" },
  { name = "merge of 100 integers", input = "merge", body = inputs.merge, count = 10000,
    script = "tests/bench/scripts/merge.lua", guarded = true, plain = "broadcast.lua", each = 100,
    unit = "M integers/s", least = 10 },
  { name = "read of 1,000 values", input = "read1000", body = inputs.read(1000), prepare = 1000,
    count = 3000, script = "challenges/broadcast_3a.lua", plain = "broadcast.lua",
    each = read_bytes(1000), unit = "MB/s" },
  { name = "read of 100,000 values", input = "read100000", body = inputs.read(100000),
    prepare = 100000, count = 30, script = "challenges/broadcast_3a.lua", plain = "broadcast.lua",
    each = read_bytes(100000), unit = "MB/s", least = 1000 },
  { name = "kafka send", input = "kafka_send", body = inputs.kafka_send, count = 50000,
    script = "challenges/kafka_5a.lua", plain = "kafka.lua" },
  { name = "kafka poll of 100 entries", input = "kafka_poll", body = inputs.kafka_poll,
    prepare = 2000, count = 3000, script = "challenges/kafka_5a.lua most=100", plain = "kafka.lua",
    target = 10 },
  { name = "rpc, question and answer", input = "rpc", body = inputs.rpc, count = 100000, each = 0.5,
    script = "tests/bench/scripts/rpc.lua", guarded = true, plain = "rpc.lua", asks = true },
  { name = "timers, a sleep", input = "timers", body = inputs.timers, prepare = 0, count = 1001,
    each = 100000 / 1001, script = "tests/bench/scripts/timers.lua", plain = "timers.lua" },
}

