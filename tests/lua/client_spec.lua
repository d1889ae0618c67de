-- sim.client: one that sends requests to nodes, and waits for replies until a time-out.

local clients = require "sim.client"
local worlds = require "hearsay.world"

-- A world with a client c0 and, in place of a node, a service that keeps what it is sent.
local function pair()
  local world, got = worlds.new({ seed = 1 }), {}
  world:add("n0", "service", function(body, src)
    got[#got + 1] = { body = body, src = src, at = world:now_us() }
  end)
  return world, clients.new(world, "c0"), got
end

local function reply_to(world, request, body)
  body.in_reply_to = request.body.msg_id
  world:send("n0", request.src, body)
end

describe("a client", function()
  it("sends a request with a msg_id and hands over the reply's body", function()
    local world, client, got = pair()
    local answers = {}
    client:request("n0", { type = "echo", echo = 5 }, 1, function(...)
      answers[#answers + 1] = { ... }
    end)
    world:run(0)
    assert.same({ { type = "echo", echo = 5, msg_id = 1 }, "c0" }, { got[1].body, got[1].src })
    assert.same({}, answers)
    reply_to(world, got[1], { type = "echo_ok", echo = 5 })
    world:run(10)
    assert.same({ { { type = "echo_ok", echo = 5, in_reply_to = 1 } } }, answers)
  end)

  it("hands over an error reply as an error", function()
    local world, client, got = pair()
    local reply, err
    client:request("n0", { type = "read" }, 1, function(...) reply, err = ... end)
    world:run(0)
    reply_to(world, got[1], { type = "error", code = 20, text = "no such key" })
    world:run(0)
    assert.is_nil(reply)
    assert.same({ 20, "key_does_not_exist", true, "no such key" },
      { err.code, err.name, err.definite, err.text })
  end)

  it("gives up when its time is over, with an error that is not definite", function()
    local world, client = pair()
    local err, at
    local start = world:now_us()
    client:request("n0", { type = "read" }, 2.5, function(_, e) err, at = e, world:now_us() end)
    world:run(10)
    assert.same({ 0, "timeout", false, "no reply from n0 within 2.5 s" },
      { err.code, err.name, err.definite, err.text })
    assert.equal(2500000, at - start)
  end)

  it("does not take a late reply for the next request's", function()
    local world, client, got = pair()
    local answers = {}
    local function note(reply, err)
      answers[#answers + 1] = reply and reply.n or err.name
    end
    client:request("n0", { type = "read" }, 1, note)
    world:run(2)
    client:request("n0", { type = "read" }, 1, note)
    world:run(0)
    assert.same({ 1, 2 }, { got[1].body.msg_id, got[2].body.msg_id })
    reply_to(world, got[1], { type = "read_ok", n = "old" })
    world:run(0)
    assert.same({ "timeout" }, answers)
    reply_to(world, got[2], { type = "read_ok", n = "new" })
    reply_to(world, got[2], { type = "read_ok", n = "again" })
    world:run(5)
    assert.same({ "timeout", "new" }, answers)
  end)

  it("passes over what is no reply, and replies that nobody waits for", function()
    local world, client = pair()
    world:send("n0", "c0", { type = "hello" })
    world:send("n0", "c0", { type = "read_ok", in_reply_to = 1 })
    world:run(1)
    local done = false
    client:request("n0", { type = "read" }, 1, function() done = true end)
    world:send("n0", "c0", { type = "hello" })
    world:send("n0", "c0", { type = "read_ok", in_reply_to = 7 })
    world:run(0.5)
    assert.is_false(done)
  end)

  it("can ask again from within its answer", function()
    local world, client, got = pair()
    local done = 0
    local function again()
      done = done + 1
      if done < 3 then
        client:request("n0", { type = "read" }, 1, again)
      end
    end
    again()
    for i = 1, 2 do
      world:run(0.1)
      reply_to(world, got[i], { type = "read_ok" })
    end
    world:run(0.1)
    assert.equal(3, done)
  end)

  it("has one request at a time", function()
    local _, client = pair()
    client:request("n0", { type = "read" }, 1, print)
    assert.has_error(function()
      client:request("n0", { type = "read" }, 1, print)
    end, "a client has one request at a time")
  end)

  it("that was closed hears nothing", function()
    local world, client, got = pair()
    local reply, err
    client:request("n0", { type = "read" }, 1, function(...) reply, err = ... end)
    world:run(0)
    client:close()
    reply_to(world, got[1], { type = "read_ok" })
    world:run(0.5)
    assert.same({}, { reply, err })
    assert.equal(0, world:counts().clients.received - 1)
  end)
end)
