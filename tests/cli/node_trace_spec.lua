-- ./node --trace: messages in and out, readable, on standard error, and nothing else changes.

local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

describe("./node --trace", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)
  local long = ("x"):rep(300)
  local input = table.concat({
    talk.message('{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1","n2"]}', "c0"),
    talk.message({ type = "echo", msg_id = 2, echo = long }), "nonsense",
    talk.message({ type = "echo", msg_id = 3 }) }, "\n") -- the last line has no newline

  teardown(function() sh:close() end)

  local function run(options)
    return sh:run("./node --seed 1 " .. options .. " challenges/echo_1.lua",
      { input = input })
  end

  -- Standard error without the times.
  local function lines(ran)
    return shell.lines((("\n" .. ran.err):gsub("\n *%d+%.%d%d%d ", "\n"):sub(2)))
  end

  it("shows what comes in and goes out, in the order in which it does", function()
    local ran = run("--trace")
    assert.equal(0, ran.status)
    local said = lines(ran)
    assert.equal('node <- c0      init            #1       {"node_id":"n1","node_ids":["n1","n2"]}',
      said[1])
    assert.equal("n1 -> c0      init_ok         re 1", said[2])
    assert.matches('^n1 <%- c1      echo            #2       {"echo":"xxx+%.%.$', said[3])
    assert.matches('^n1 %-> c1      echo_ok         re 2     {"echo":"xxx+%.%.$', said[4])
    assert.equal("n1 <- nonsense", said[5])
    assert.equal("n1 line 3: byte 0: expected a value", said[6])
    assert.equal("n1 <- c1      echo            #3", said[7])
    assert.equal("n1 -> c1      echo_ok         re 3", said[8])
    assert.equal(8, #said)
  end)

  it("leaves the network as it is", function()
    assert.equal(run("").out, run("--trace").out)
    assert.equal(run("").out, run("--trace=full --color=always").out)
    assert.equal("n1 line 3: byte 0: expected a value", lines(run(""))[1])
    assert.equal(1, #lines(run("")))
  end)

  it("cuts bodies to 120 columns where there is no terminal, and to its width where there is one",
    function()
      local cut = 0
      for _, line in ipairs(shell.lines(run("--trace").err)) do
        assert.is_true(#line <= 120)
        cut = cut + (#line == 120 and 1 or 0)
      end
      assert.equal(2, cut)
      if sh:run("script -qec 'test -t 2' /dev/null").status ~= 0 then
        pending("needs script(1)")
      end
      for _, width in ipairs({ 60, 200 }) do
        local ran = sh:run(("script -qec %s /dev/null | tr -d '\\r'"):format(quote(
          ("stty cols %d; unset NO_COLOR; ./node --trace --color=never challenges/echo_1.lua <%s")
            :format(width, sh:write("in", input)))))
        local longest = 0
        for _, line in ipairs(shell.lines(ran.out)) do
          longest = math.max(longest, line:find("^ ") and #line or 0)
        end
        assert.equal(width, longest)
      end
    end)

  it("shows all with full", function()
    local said = lines(run("--trace=full"))
    assert.equal(('n1 <- c1      echo            #2       {"echo":"%s"}'):format(long), said[3])
  end)

  it("shows lines that are too long for the node, as far as they were kept", function()
    local ran = sh:run("./node --trace --max-line 1024 challenges/echo_1.lua",
      { input = talk.init() .. "\n" .. talk.message({ type = "echo", echo = ("x"):rep(2000) })
        .. "\n" })
    assert.matches('\n +%d+%.%d+ n1 <%- {"src":"c1",[^\n]*%.%.\n', ran.err)
  end)

  it("is coloured when it is asked for, or on a terminal that may", function()
    assert.not_matches("\27", run("--trace").err)
    assert.matches("\27%[36m<%-\27%[0m", run("--trace --color=always").err)
    if sh:run("script -qec 'test -t 2' /dev/null").status ~= 0 then
      pending("needs script(1)")
    end
    local command = ("script -qec %s /dev/null"):format(quote(
      ("./node --trace challenges/echo_1.lua <%s >/dev/null"):format(sh:write("in", input))))
    local function colored(environment)
      return sh:run("unset NO_COLOR; " .. environment .. command).out:find("\27", 1, true) ~= nil
    end
    assert.is_true(colored("export TERM=xterm; "))
    assert.is_true(colored("export TERM=xterm; export NO_COLOR=; ")) -- an empty one counts as none
    assert.is_false(colored("export TERM=xterm; export NO_COLOR=1; "))
    assert.is_false(colored("export TERM=dumb; "))
  end)

  it("goes to the logs of nodes that the bench starts, and changes nothing in virtual time",
    function()
      local command = "./sim test -w echo --time-limit 1 --rate 20 --store " .. sh:path("store")
        .. " --json --bin './node %s challenges/echo_1.lua' "
      assert.equal(0, sh:run(command:format("--trace=full") .. "--real-time").status)
      local log = sh:read("store/latest/node-logs/n1.log")
      assert.matches("n1 <%- c%d+ +echo +#%d+ +{\"echo\":\"Please echo %d+\"}\n", log)
      assert.matches("n1 %-> c%d+ +echo_ok +re %d+ +{\"echo\":\"Please echo %d+\"}\n", log)
      assert.equal(sh:run(command:format("")).out, sh:run(command:format("--trace")).out)
    end)

  it("refuses what it does not know", function()
    local ran = run("--trace=ful")
    assert.same({ 2, "node: --trace ful: expected full, or no value\n" }, { ran.status, ran.err })
  end)

  it("says on a terminal that it waits for messages", function()
    if sh:run("script -qec 'test -t 0' /dev/null").status ~= 0 then
      pending("needs script(1)")
    end
    local ran = sh:run("script -qec './node challenges/echo_1.lua' /dev/null </dev/null")
    assert.matches("^node: waiting for messages, one JSON object a line; %^D ends", ran.out)
    assert.equal("", sh:run("./node challenges/echo_1.lua").err)
  end)
end)
