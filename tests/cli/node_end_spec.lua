-- How ./node ends: the input ends, the reader goes away, a descriptor fails.

local json = require "hearsay.json"
local shell = dofile("tests/cli/shell.lua")

local ECHO = "./node challenges/echo_1.lua"

describe("at the end of input", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)

  -- Waits as it is told, in the order of the messages.
  local waiting = sh:write("waiting.lua", [[
    local node = require "hearsay"
    node.on("wait", function(msg)
      node.sleep(msg.body.seconds)
      return { type = "wait_ok", seconds = msg.body.seconds }
    end)
    node.on("ask", function(msg)
      local before = node.now()
      local reply, err = node.rpc("n2", { type = "any" }, 1000)
      local again, err_again = node.rpc("n2", { type = "any" }, 1000)
      return { type = "ask_ok", has_reply = reply ~= nil or again ~= nil, name = err and err.name,
        again = err_again and err_again.name, was_quick = node.now() - before < 500 }
    end)
    node.on("background", function()
      node.every(0.001, function() end)
      node.after(1000, function() print("never") end)
      node.spawn(function() node.sleep(1000) print("never") end)
      return { type = "background_ok" }
    end)
  ]])

  teardown(function() sh:close() end)

  it("exits with status 0 and says nothing", function()
    for _, input in ipairs { "", talk.init(), talk.init() .. "\n" } do
      local said = talk.raw(ECHO, input)
      assert.equal(0, said.status)
      assert.same({}, said.errors)
    end
    assert.equal(0, sh:run(ECHO .. " </dev/null").status)
  end)

  it("lets handlers that sleep end, and sends their replies", function()
    local said = talk.to(waiting, { talk.message({ type = "wait", seconds = 0.2, msg_id = 2 }),
      talk.message({ type = "wait", seconds = 0.1, msg_id = 3 }),
      talk.message({ type = "wait", seconds = 0, msg_id = 4 }) })
    assert.same({ 4, 3, 2 }, { said.replies[1].body.in_reply_to, said.replies[2].body.in_reply_to,
      said.replies[3].body.in_reply_to })
    assert.same({}, said.errors)
    assert.equal(0, said.status)
  end)

  it("fails requests at once, those under way and new ones", function()
    local said = talk.to(waiting, { talk.message({ type = "ask", msg_id = 2 }) })
    assert.equal("any", said.replies[1].body.type)
    assert.same({ type = "ask_ok", in_reply_to = 2, has_reply = false, name = "timeout",
      again = "timeout", was_quick = true }, said.replies[2].body)
    assert.equal(2, #said.replies)
    assert.equal(0, said.status)
  end)

  it("numbers requests from elsewhere in each run, and alike with the same seed", function()
    local function first(options)
      local said = talk.to(options .. waiting, { talk.message({ type = "ask", msg_id = 2 }) })
      return said.replies[1].body.msg_id
    end
    assert.equal(first("--seed 7 "), first("--seed 7 "))
    assert.not_equal(first("--seed 7 "), first("--seed 8 "))
    assert.not_equal(first(""), first(""))
  end)

  it("still takes a reply that is there", function()
    -- Whoever answers has to read the question: where its number begins is random.
    local steps = sh:write("steps.sh", ([[
      mkfifo to from
      (cd $ROOT && exec ./node $SCRIPT) <to >from & pid=$!
      exec 3>to 4<from
      printf '%s\n' $INIT $QUESTION >&3
      read -r init_ok <&4
      read -r question <&4
      id=$(printf '%s' "$question" | grep -o '"msg_id":[0-9]*' | cut -d: -f2)
      printf $ANSWERS "$id" "$((id + 1))" >&3
      exec 3>&-
      cat <&4
      wait $pid
    ]]):gsub("%$(%u+)", {
      ROOT = shell.quote(sh.root), SCRIPT = shell.quote(waiting), INIT = shell.quote(talk.init()),
      QUESTION = shell.quote(talk.message({ type = "ask", msg_id = 2 })),
      ANSWERS = shell.quote(
        talk.message('{"type":"any_ok","in_reply_to":%d}', "n2") .. "\\n" .. talk.message(
          '{"type":"error","code":11,"text":"busy","in_reply_to":%d}', "n2") .. "\\n"),
    }))
    local ran = sh:run("sh " .. steps, { cwd = sh.folder })
    assert.same({ 0, "" }, { ran.status, ran.err })
    local said = shell.lines(ran.out)
    assert.equal(2, #said) -- its second question, and what it makes of the answers
    local body = json.decode(said[2]).body
    assert.is_true(body.has_reply)
    assert.is_nil(body.name)
    assert.equal("temporarily_unavailable", body.again)
  end)

  it("does not wait for timers and what was spawned", function()
    local said = talk.to(waiting, { talk.message({ type = "background", msg_id = 2 }) })
    assert.same({ type = "background_ok", in_reply_to = 2 }, said.replies[1].body)
    assert.same({}, said.errors)
    assert.equal(0, said.status)
  end)

  it("writes all that is left to a slow reader", function()
    local lines = { talk.init() }
    for i = 2, 20000 do
      lines[i] = talk.message(('{"type":"echo","msg_id":%d,"echo":"%s"}'):format(i, ("x"):rep(50)))
    end
    local ran = sh:run(ECHO .. " | { sleep 0.3; cat; }", { input = table.concat(lines, "\n") })
    assert.equal(20000, #shell.lines(ran.out))
    assert.equal("", ran.err)
  end)

  it("leaves the descriptor of its output as it was", function()
    local ran = sh:run("{ " .. ECHO .. "; yes | head -n 200000; } | { sleep 0.3; wc -l; }",
      { input = talk.init() .. "\n" })
    assert.equal(200001, tonumber(ran.out))
    assert.equal("", ran.err)
  end)
end)

describe("without a reader", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)
  local echo = talk.message({ type = "echo", msg_id = 2, echo = ("x"):rep(100) })

  -- Endless input, until nobody takes it.
  local endless = ("{ echo '%s'; yes '%s' 2>/dev/null; }"):format(talk.init(), echo)

  teardown(function() sh:close() end)

  it("ends quietly, in the middle of endless input", function()
    for _, reader in ipairs { "head -n 1", "head -n 5000", "true" } do
      local status = shell.quote(sh:path("node.status"))
      local ran = sh:run(("%s | { %s; echo $? >%s; } | %s"):format(endless, ECHO, status, reader))
      assert.equal("", ran.err)
      assert.equal("0\n", sh:read("node.status"))
    end
  end)

  it("ends quietly when it has written little and the input goes on", function()
    local status = shell.quote(sh:path("node.status"))
    local ran = sh:run(("{ echo '%s'; sleep 0.2; echo '%s'; sleep 0.2; echo '%s'; } | "
      .. "{ %s; echo $? >%s; } | head -n 1"):format(talk.init(), echo, echo, ECHO, status))
    assert.equal(1, #shell.lines(ran.out))
    assert.equal("", ran.err)
    assert.equal("0\n", sh:read("node.status"))
  end)
end)

describe("with a broken descriptor", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)
  local input = talk.init() .. "\n" .. talk.message({ type = "echo", msg_id = 2 }) .. "\n"

  teardown(function() sh:close() end)

  for name, case in pairs {
    ["a closed input"] = { ECHO .. " <&-", "cannot read standard input: Bad file descriptor" },
    ["a folder as input"] = { ECHO .. " <.", "cannot read standard input: Is a directory" },
    ["a closed output"] = { ECHO .. " >&-",
      "cannot write to standard output: Bad file descriptor" },
    ["a full disk"] = { ECHO .. " >/dev/full",
      "cannot write to standard output: No space left on device" },
  } do
    it("says so in one line and exits with status 1: " .. name, function()
      local ran = sh:run("LC_ALL=C " .. case[1], { input = input })
      assert.equal("node: " .. case[2] .. "\n", ran.err)
      assert.equal(1, ran.status)
    end)
  end

  it("does its work without stderr", function()
    local ran = sh:run(ECHO .. " 2>&-", { input = "junk\n" .. input })
    assert.equal(2, #shell.lines(ran.out))
    assert.equal(0, ran.status)
  end)
end)
