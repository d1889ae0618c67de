-- Sleeping coroutines in a binary heap by deadline, as one writes it in plain Lua. Time is counted
-- and not waited for, which a real node could not do: the best case for this side.
package.path = arg[0]:gsub("[^/]*$", "?.lua")
local loop = require "loop"
local heap, count, now = {}, 0, 0

local function push(at, co)
  count = count + 1
  local i = count
  while i > 1 and heap[i // 2].at > at do
    heap[i] = heap[i // 2]
    i = i // 2
  end
  heap[i] = { at = at, co = co }
end

local function pop()
  local first, last = heap[1], heap[count]
  heap[count] = nil
  count = count - 1
  local i = 1
  while count > 0 do
    local child = i * 2
    if child < count and heap[child + 1].at < heap[child].at then
      child = child + 1
    end
    if child > count or heap[child].at >= last.at then
      heap[i] = last
      break
    end
    heap[i] = heap[child]
    i = child
  end
  return first
end

loop.run({
  start = function(msg)
    push(now, coroutine.create(function()
      for _ = 1, msg.body.times do
        push(now + 1e-6, coroutine.running())
        coroutine.yield()
      end
      loop.reply(msg, { type = "start_ok" })
    end))
  end,
  go = function()
    while count > 0 do
      local item = pop()
      now = item.at
      assert(coroutine.resume(item.co))
    end
    return { type = "go_ok" }
  end,
})
