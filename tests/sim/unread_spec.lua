-- Processes that do not read what they are sent, and those that only seem so.

local worlds = require "hearsay.world"

local PATIENCE = 0.5 -- seconds
local BYTES = 300000 -- more than a pipe holds

-- A world with one process that is sent a large message.
local function send(script)
  local world = worlds.new({ seed = 1, real_time = true, patience = PATIENCE })
  assert(world:add_node("n0", { "sh", "-c", script }))
  world:add("c0", "client", function() end)
  world:send("c0", "n0", { type = "large", text = ("x"):rep(BYTES) })
  return world
end

describe("a process", function()
  it("that stops reading is told, with how much waits and its last words", function()
    local world = send("echo cannot go on >&2; sleep 61")
    local ok, message = world:run(20)
    assert.is_nil(ok)
    local waiting = message:match("^n0 does not read its input: (%d+) bytes wait; the end of its "
      .. "stderr: cannot go on")
    assert(waiting, message)
    assert(tonumber(waiting) > 0 and tonumber(waiting) < BYTES + 100)
    assert(world:now_us() < 20e6)
  end)

  it("may take as long as it likes for reading when there is nothing left to read", function()
    local world = send("cat >/dev/null; sleep 61")
    assert(world:run(2 * PATIENCE))
  end)

  it("may read little at a time", function()
    local world = send("while head -c 30000 >/dev/null; do sleep 0.1; done")
    assert(world:run(4 * PATIENCE))
  end)

  it("is not blamed while it is paused", function()
    local world = send("sleep 0.2; cat >/dev/null")
    world:pause("n0")
    assert(world:run(2 * PATIENCE))
    world:resume("n0")
    assert(world:run(2 * PATIENCE))
  end)
end)
