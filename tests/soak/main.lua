--- Feeds gigabytes to one node, and sees that each message is answered, in order, and that its
-- memory stays as it was after the first twentieth: make soak MB=2000.
--
-- A block of messages is written, then its replies are read: whoever read more slowly than the node
-- answers would measure the output that waits for him.
--
--     (trap '' PIPE; ./node --lua tests/soak/main.lua MB)

local lines = dofile("tests/soak/lines.lua")

local SLACK_KB = 256
local BLOCK = 1000 -- messages
local NODES = { echo = "challenges/echo_1.lua", broadcast = "challenges/broadcast_3b.lua" }

local megabytes = math.tointeger(tonumber(arg[1] or ""))
if not megabytes or megabytes < 20 then
  io.stderr:write("usage: ./node --lua tests/soak/main.lua MB, at least 20\n")
  os.exit(2)
end

local function resident_kb(pid)
  local file = assert(io.open(("/proc/%s/status"):format(pid)))
  local kb = tonumber(file:read("a"):match("VmRSS:%s+(%d+)"))
  file:close()
  return kb
end

-- Asks the messages from the i-th on. Returns their length; or nil and the one whose reply is
-- wrong.
local function ask(kind, i, input, output)
  local block = {}
  for k = 1, BLOCK do
    block[k] = lines.request(kind, i + k - 1)
  end
  local text = table.concat(block)
  input:write(text)
  input:flush()
  for k = i, i + BLOCK - 1 do
    local line = output:read("l")
    if not line or not lines.is_reply(kind, k, line) then
      return nil, k
    end
  end
  return #text
end

-- Returns how many messages were answered, and the most memory in the first twentieth of the input
-- and in all of it; or nil and what is wrong.
local function soak(kind, script, fifo)
  local bytes = megabytes * 1000000
  local output = assert(io.popen(("echo $$; exec ./node %s <%s"):format(script, fifo)))
  local pid = output:read("l")
  local input = assert(io.open(fifo, "w"))
  local asked, i, early_kb, most_kb = 0, 0, 0, 0
  while asked < bytes do
    local length, wrong = ask(kind, i, input, output)
    if not length then
      return nil, ("the reply to message %d is wrong or missing"):format(wrong)
    end
    asked, i = asked + length, i + BLOCK
    local kb = resident_kb(pid)
    early_kb = asked <= bytes / 20 and math.max(early_kb, kb) or early_kb
    most_kb = math.max(most_kb, kb)
  end
  input:close()
  if output:read("l") or not output:close() then
    return nil, "the node did not end as it should"
  end
  return i, early_kb, most_kb
end

local fifo = os.tmpname()
assert(os.execute(("rm %s && mkfifo %s"):format(fifo, fifo)))
local passed, failed = 0, 0
for _, kind in ipairs({ "echo", "broadcast" }) do
  local count, early_kb, most_kb = soak(kind, NODES[kind], fifo)
  local good = count and most_kb <= early_kb + SLACK_KB
  passed, failed = passed + (good and 1 or 0), failed + (good and 0 or 1)
  print(("%-4s soak %s: %s"):format(good and "ok" or "FAIL", NODES[kind], count
    and ("%d MB in %d messages, all answered; %d KiB at most, %d in the first twentieth")
      :format(megabytes, count, most_kb, early_kb) or early_kb))
end
os.remove(fifo)
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0)
