-- What a script is given and how it answers; tests/lua/node_calls_spec.lua has what it can do.
local json = require "hearsay.json"
local node_lab = dofile("tests/lua/node_lab.lua")

local start, load_error, answer = node_lab.start, node_lab.load_error, node_lab.answer

describe("a handler", function()
  it("gets src, dest and body, and its result is the reply", function()
    local reply = answer([[
      node.on("go", function(msg)
        return { type = "go_ok", src = msg.src, dest = msg.dest, body = msg.body }
      end)
    ]], { type = "go", list = json.array(), deep = { { x = json.null } } })
    assert.same({
      type = "go_ok", in_reply_to = 1, src = "c1", dest = "n0",
      body = { type = "go", msg_id = 1, list = {}, deep = { { x = json.null } } },
    }, reply)
  end)

  it("that returns nothing sends nothing", function()
    local nodes = start([[node.on("go", function() end)]])
    local reply, err = nodes:ask("n0", { type = "go" }, 1)
    assert.is_nil(reply)
    assert.equal("timeout", err.name)
    assert.equal("", nodes:log("n0"))
  end)

  it("replies to nobody who has not asked: a message without msg_id", function()
    local nodes = start([[
      local got = 0
      node.on("go", function()
        got = got + 1
        return { type = "go_ok", got = got }
      end)
    ]])
    nodes:tell("n0", { type = "go" })
    nodes:run(1)
    assert.equal(2, nodes:ask("n0", { type = "go" }).got)
    assert.equal(3, nodes.world:counts().clients.received - 2) -- go twice, and one go_ok; no init
  end)

  it("can reply before it ends, and go on", function()
    local nodes = start([[
      local done = false
      node.on("go", function(msg)
        node.reply(msg, { type = "go_ok", early = true })
        node.sleep(1)
        done = true
      end)
      node.on("done", function() return { type = "done_ok", done = done } end)
    ]])
    assert.is_true(nodes:ask("n0", { type = "go" }).early)
    assert.is_false(nodes:ask("n0", { type = "done" }).done)
    nodes:run(1)
    assert.is_true(nodes:ask("n0", { type = "done" }).done)
  end)

  it("can keep a message and reply to it later from elsewhere", function()
    local reply = answer([[
      node.on("go", function(msg)
        node.after(0.5, function() node.reply(msg, { type = "go_ok", at = node.now() }) end)
      end)
    ]])
    assert.equal("go_ok", reply.type)
  end)

  it("may reply with what it was sent, field for field", function()
    local reply = answer([[
      node.on("go", function(msg) return { type = "go_ok", value = msg.body.value } end)
    ]], { type = "go", value = { 1, 2.0, "é", json.null, json.array(), {} } })
    assert.equal('[1,2.0,"é",null,[],{}]', json.encode(reply.value))
  end)

  it("cannot send what is no body, and its asker is told", function()
    for _, case in ipairs({
      { "return { x = 1 }", "a body needs a string field \"type\"" },
      { "return { type = 5 }", "a body needs a string field \"type\"" },
      { "return 5", "a body must be a table" },
      { 'return { type = "go_ok", in_reply_to = 9 }', '"in_reply_to" is set by the host' },
      { 'return { type = "go_ok", f = print }', "f: cannot encode a function" },
      { 'return { type = "go_ok", [1] = 2 }', "table with string keys" },
    }) do
      local nodes = start(('node.on("go", function() %s end)'):format(case[1]))
      local reply, err = nodes:ask("n0", { type = "go" })
      assert.is_nil(reply)
      assert.equal("crash", err.name)
      assert.matches(case[2], err.text, 1, true)
      assert.matches("cannot send the reply to c1: ", nodes:log("n0"), 1, true)
    end
  end)
end)

describe("errors in a handler", function()
  it("of the kind errors.new makes are the reply", function()
    local nodes = start([[
      node.on("go", function() error(errors.new("key_does_not_exist", "no key 7")) end)
    ]])
    local _, err = nodes:ask("n0", { type = "go" })
    assert.same({ 20, "no key 7", true }, { err.code, err.text, err.definite })
    assert.equal("", nodes:log("n0"))
  end)

  it("of any other kind are a crash, and a traceback; the node lives on", function()
    local nodes = start([[
      local function deeper() error("oops") end
      node.on("go", function() deeper() end)
      node.on("odd", function() error({ no = "text" }) end)
      node.on("fine", function() return { type = "fine_ok" } end)
    ]])
    local _, err = nodes:ask("n0", { type = "go" })
    assert.equal("crash", err.name)
    assert.matches(":3: oops$", err.text)
    assert.matches("n0 [^\n]*:3: oops\nstack traceback:\n.*in upvalue 'deeper'", nodes:log("n0"))
    _, err = nodes:ask("n0", { type = "odd" })
    assert.equal("crash", err.name)
    assert.equal("fine_ok", nodes:ask("n0", { type = "fine" }).type)
  end)

  it("after a wait reach the asker too", function()
    local _, err = answer([[
      node.on("go", function()
        node.sleep(0.1)
        error(errors.new("abort"))
      end)
    ]])
    assert.equal("abort", err.name)
  end)

  it("that nobody asked about are logged", function()
    local nodes = start([[
      node.on("go", function() error(errors.new("abort", "no way")) end)
    ]])
    nodes:tell("n0", { type = "go" })
    nodes:run(0.1)
    assert.matches("error with nobody to reply to: no way", nodes:log("n0"))
  end)

  it("do not lose the errors of others: a coroutine of its own is not the handler's", function()
    local _, err = answer([[
      node.on("go", function() coroutine.yield(5) end)
    ]])
    assert.equal("crash", err.name)
    assert.matches("may not call coroutine.yield itself", err.text)
    local reply = answer([[
      node.on("go", function()
        local values = {}
        for v in coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) do
          values[#values + 1] = v
        end
        return { type = "go_ok", values = values }
      end)
    ]])
    assert.same({ 1, 2 }, reply.values)
  end)

  it("for a type without handler say what there is", function()
    local _, err = answer([[
      node.on("b", print)
      node.on("a", print)
    ]], { type = "c" })
    assert.same({ 10, 'no handler for message type "c"; this script handles: a, b' },
      { err.code, err.text })
  end)
end)

describe("node.on", function()
  local function check(fields, body)
    body.type = "go"
    local reply, err = answer(([[
      node.on("go", %s, function() return { type = "go_ok" } end)
    ]]):format(fields), body)
    return reply and "ok" or err.code .. " " .. err.text
  end

  it("checks the fields that a body must have", function()
    for kind, values in pairs({
      any = { { 1, json.null, "", json.array(), {}, false }, {} },
      integer = { { 0, -5, math.maxinteger }, { 1.5, 1.0, "1", true, json.null, {} } },
      number = { { 1, 1.5 }, { "1", json.null } },
      string = { { "", "x" }, { 1, true, {} } },
      boolean = { { true, false }, { 0, "true" } },
      array = { { json.array(), { 1 } }, { {}, { a = 1 }, "[]", json.null } },
      object = { { {}, { a = 1 } }, { json.array(), { 1 }, json.null, 1 } },
    }) do
      local fields = ('{ v = "%s" }'):format(kind)
      for _, value in ipairs(values[1]) do
        assert.equal("ok", check(fields, { v = value }), kind)
      end
      for _, value in ipairs(values[2]) do
        assert.equal(('12 go: expected "v" to be of type %s, got %s'):format(kind,
          json.encode(value)), check(fields, { v = value }))
      end
      assert.equal(('12 go: expected a field "v" (%s)'):format(kind), check(fields, {}))
      assert.equal("ok", check(('{ v = "%s?" }'):format(kind), {}))
    end
  end)

  it("names the first wrong field by name, and quotes no more than a little", function()
    local fields = '{ z = "integer", a = "integer", m = "string?" }'
    assert.matches('expected a field "a"', check(fields, {}))
    assert.matches('expected "m" to be of type string, got 5', check(fields, { a = 1, m = 5 }))
    local text = check(fields, { a = ("x"):rep(10000) })
    assert(#text < 200, text)
  end)

  it("raises at the caller's line where it is used wrongly", function()
    for script, expected in pairs({
      ['node.on(5, print)'] = ":2: node.on: expected a message type, a string, got number",
      ['node.on("x")'] = ":2: node.on: expected a function, or a table of fields and a function",
      ['node.on("x", {})'] = ":2: node.on: expected a function, or a table",
      ['node.on("x", 5, print)'] = ":2: node.on: expected a function, or a table",
      ['node.on("init", print)'] = ':2: node.on: "init" is answered by the host; use node.on_init',
      ['node.on("x", print) node.on("x", print)'] = ':2: node.on: "x" has a handler already',
      ['node.on("x", { v = "int" }, print)'] = ':2: node.on: field "v": expected any, integer, '
        .. 'natural, number, seconds, string, boolean, array or object, with a ? behind it when it '
        .. 'may be missing, not "int"',
      ['node.on("x", { v = "natural", t = "seconds?" }, print) error("fine")'] = ":2: fine",
      ['node.on("x", { v = 5 }, print)'] = ':2: node.on: field "v": ',
      ['node.on("x", { v = "any??" }, print)'] = ':2: node.on: field "v": ',
    }) do
      local message = load_error(script)
      assert.matches(expected, message, 1, true)
    end
  end)

  it("takes handlers after the start, for types that come later", function()
    local nodes = start([[
      node.on("go", function()
        node.on("late", function() return { type = "late_ok" } end)
        return { type = "go_ok" }
      end)
    ]])
    assert.is_nil((nodes:ask("n0", { type = "late" })))
    nodes:ask("n0", { type = "go" })
    assert.equal("late_ok", nodes:ask("n0", { type = "late" }).type)
  end)
end)

describe("init", function()
  it("sets id, ids and peers", function()
    local nodes = start([[
      node.on("go", function()
        return { type = "go_ok", id = node.id, ids = node.ids, peers = node.peers }
      end)
    ]], { nodes = { "b", "a", "c" } })
    assert.same({ "a", { "b", "a", "c" }, { "b", "c" } },
      (function(r) return { r.id, r.ids, r.peers } end)(nodes:ask("a", { type = "go" })))
    nodes = start([[
      node.on("go", function() return { type = "go_ok", peers = node.peers } end)
    ]])
    assert.is_true(json.is_array(nodes:ask("n0", { type = "go" }).peers))
  end)

  it("runs each function given to on_init, in their order, and then answers", function()
    local nodes = start([[
      local order = {}
      node.on_init(function() order[#order + 1] = "1 " .. node.id end)
      node.on_init(function()
        node.sleep(0.5) -- does not hold up init_ok
        order[#order + 1] = "3"
      end)
      node.on_init(function() order[#order + 1] = "2" end)
      node.on("go", function() return { type = "go_ok", order = order } end)
    ]])
    assert.equal(0, nodes:now())
    assert.same({ "1 n0", "2" }, nodes:ask("n0", { type = "go" }).order)
    nodes:run(0.5)
    assert.same({ "1 n0", "2", "3" }, nodes:ask("n0", { type = "go" }).order)
  end)

  it("fails where one of them raises", function()
    local nodes = start([[
      node.on_init(function() error("not today") end)
    ]], { init = false })
    local ok, message = nodes.cluster:init()
    assert.is_nil(ok)
    assert.matches('n0 did not answer "init": crash %(13%): a function given to on_init failed',
      message)
    assert.matches(":3: not today\nstack traceback", nodes:log("n0"))
  end)

  it("comes before anything else, and only once", function()
    local nodes = start([[
      node.on("go", function() return { type = "go_ok" } end)
    ]], { init = false })
    local _, err = nodes:ask("n0", { type = "go" })
    assert.equal("temporarily_unavailable", err.name)
    assert(nodes.cluster:init())
    assert.equal("go_ok", nodes:ask("n0", { type = "go" }).type)
    _, err = nodes:ask("n0", { type = "init", node_id = "n7", node_ids = { "n7" } })
    assert.same({ "precondition_failed", "a second init: this node is n0 already" },
      { err.name, err.text })
    assert.equal("go_ok", nodes:ask("n0", { type = "go" }).type)
  end)

  it("is needed before a script can send", function()
    assert.matches("cannot send before init: the node has no id yet",
      load_error('node.send("n1", { type = "x" })'), 1, true)
  end)
end)

describe("diagnostics", function()
  it("have time and node, by node.log and print", function()
    local nodes = start([[
      node.on("go", function()
        node.log("plain 100%")
        node.log("%d values, %s", 5, "done")
        print("a", nil, 1.5)
        return { type = "go_ok" }
      end)
    ]])
    nodes:run(1.25)
    nodes:ask("n0", { type = "go" })
    assert.equal("    1.250 n0 plain 100%\n    1.250 n0 5 values, done\n    1.250 n0 a\tnil\t1.5\n",
      nodes:log("n0"))
  end)
end)

describe("a script", function()
  it("has random numbers of its own, the same for a seed", function()
    local function draw(seed, id)
      return start([[
        node.on("go", function()
          return { type = "go_ok", list = { node.random(), node.random(1 << 53) } }
        end)
      ]], { nodes = 2, seed = seed }):ask(id, { type = "go" }).list
    end
    local list = draw(1, "n0")
    assert(list[1] >= 0 and list[1] < 1 and math.type(list[2]) == "integer")
    assert.same(list, draw(1, "n0"))
    assert.not_same(draw(1, "n0"), draw(1, "n1"))
    assert.not_same(draw(1, "n0"), draw(2, "n0"))
  end)

  it("visits tables in the same order in each run", function()
    local function order()
      return start([[
        node.on("go", function()
          local t, keys = {}, {}
          for i = 1, 50 do t["key" .. i] = i end
          for key in pairs(t) do keys[#keys + 1] = key end
          return { type = "go_ok", keys = keys }
        end)
      ]]):ask("n0", { type = "go" }).keys
    end
    assert.same(order(), order())
  end)

  it("has no clock, files, processes or other randomness in virtual time", function()
    for call, expected in pairs({
      ["os.time()"] = "os.time is not available to a script here: use node.now%(%) for time",
      ["os.clock()"] = "use node.now", ["os.execute('true')"] = "there are no processes",
      ["io.open('x')"] = "a confined script has no files; node.log writes diagnostics",
      ["io.write('x')"] = "a confined script has no files",
      ["math.randomseed(1)"] = "the host seeds math.random; in the bench: %-%-seed",
      ["package.loadlib('x', 'y')"] = "loads no C modules",
    }) do
      assert.matches("^[^\n]*:2: .*" .. expected, load_error(call))
    end
  end)

  it("has its arguments as ... and arg", function()
    local reply = answer([[
      local a, b = ...
      local words = { a, b, arg[1], arg[2], #arg }
      node.on("go", function() return { type = "go_ok", words = words } end)
    ]], nil, { args = { "x", "y z" } })
    assert.same({ "x", "y z", "x", "y z", 2 }, reply.words)
  end)

  it("may not make or read globals that are not declared", function()
    assert.matches(":2: undeclared global 'nodee'", load_error("nodee.on()"))
    assert.matches(":2: assignment to undeclared global 'count' %(write: local count%)",
      load_error("count = 1"))
    local _, err = answer([[node.on("go", function() count = 1 end)]])
    assert.matches("assignment to undeclared global 'count'", err.text)
  end)

  it("that does not load says so in one line, with file and line", function()
    assert.matches("^[^\n]*:2: oops$", load_error('error("oops")'))
    assert.matches("^[^\n]*:3: [^\n]+ near <eof>$", load_error("if\n"))
    assert.matches("^[^\n]*:2: module 'no.such' not found", load_error('require "no.such"'))
  end)
end)
