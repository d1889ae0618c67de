-- ./sim watch: runs again at every save, also of what a script requires, and lives on.

local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

local SCRIPT = [[
local node = require "hearsay"
local text = require "text"
node.on("echo", function(msg)
  return { type = "echo_ok", echo = msg.body.echo, text = text.of(msg) }
end)
]]

-- Waits until the bench has told of so many runs, and says what it did when they do not come;
-- saves; ends it as ^C does.
local TOOLS = [[
missing() {
  echo "no run $1; it printed:"
  cat out err
  echo "its threads (state, processor time):"
  cut -d' ' -f2,3,14,15 /proc/$pid/task/*/stat
  echo "the files:"
  stat -c '%n %s %y %z' *
  kill $pid
  exit 9
}
await() {
  tries=0
  until [ "$(grep -c '; ^C ends$' out)" -ge "$1" ]; do
    tries=$((tries + 1))
    [ $tries -lt 400 ] || missing "$1"
    sleep 0.05
  done
}
: >out
$SIM/sim watch $ARGUMENTS >out 2>err &
pid=$!
await 1
$STEPS
kill -INT $pid
wait $pid
echo "status $?"
]]

describe("./sim watch", function()
  local sh = shell.open()

  before_each(function()
    sh:write("mine.lua", SCRIPT)
    sh:write("text.lua", "return { of = function() return 'a' end }\n")
  end)
  teardown(function() sh:close() end)

  -- Runs with steps in between; returns what it printed, a text a run.
  local function watch(steps, arguments)
    local script = TOOLS:gsub("%$SIM", quote(sh.root)):gsub("%$STEPS", (steps:gsub("%%", "%%%%")))
      :gsub("%$ARGUMENTS", arguments or "mine.lua --time-limit 2")
    local ran = sh:run("sh " .. sh:write("steps.sh", script), { cwd = sh.folder })
    assert.same({ "status 0\n", "", "" }, { ran.out, ran.err, sh:read("err") })
    local runs = {}
    for text in (sh:read("out") or ""):gmatch("(.-; ^C ends\n)\n") do
      runs[#runs + 1] = text
    end
    return runs
  end

  it("runs again when the script is saved, in place or by another file in its place", function()
    local runs = watch([[
      sed 's/"echo_ok", echo = msg.body.echo/"echo_ok", echo = 1/' mine.lua >new
      cat new >mine.lua
      await 2
      printf '%s\n' "$(sed 's/echo = 1/echo = msg.body.echo/' mine.lua)" >new && mv new mine.lua
      await 3
    ]])
    assert.equal(3, #runs)
    assert.matches("^ %d%d:%d%d:%d%d  mine.lua, in %d", runs[1])
    assert.matches("\n [^ ]+ VALID  every echo came back", runs[1])
    assert.matches("^ [%d:]+  mine.lua saved, in ", runs[2])
    assert.matches(" INVALID %(was VALID%)  ", runs[2])
    assert.matches("\n more of it: ./sim test %-%-bin mine.lua %-%-time%-limit 2 %-%-seed 1\n",
      runs[2])
    assert.matches(" VALID %(was INVALID%)  ", runs[3])
  end)

  it("runs again when a module is saved, and only then", function()
    local runs = watch([[
      echo "x" >other.lua
      echo "return { of = function() return 'bb' end }" >text.lua
      await 2
      touch text.lua
      await 3
    ]])
    assert.matches("^ [%d:]+  [%w./]*text.lua saved, in ", runs[2])
    assert.matches("\n messages/op in all +%d", runs[2])
    assert.matches("\n the same run, to the last message\n", runs[3])
    assert.equal(3, #runs)
  end)

  it("lives on through errors in the script and in a module, and compares with the last run that "
    .. "was one", function()
    local runs = watch([[
      echo "x = = 1" >>mine.lua
      await 2
      sed '$d' mine.lua >new && mv new mine.lua
      echo "return {" >text.lua
      await 3
      rm text.lua
      await 4
      echo "return { of = function() return 'a' end }" >text.lua
      await 5
      rm mine.lua
      await 6
    ]])
    assert.matches("\n [^ ]+ mine.lua:6: unexpected symbol near '='\n", runs[2])
    assert.matches("\n [^ ]+ [^\n]*text.lua:2: [^\n]*near <eof>\n", runs[3])
    assert.matches("\n [^ ]+ mine.lua:2: module 'text' not found: ", runs[4])
    assert.matches("\n the same run, to the last message\n", runs[5])
    assert.matches("\n [^ ]+ no such script: mine.lua ", runs[6])
    assert.equal(6, #runs)
  end)

  it("says what a handler raised, and with --log-stderr what nodes wrote", function()
    local runs = watch([[
      sed 's/text = text/error("boom"), text = text/' mine.lua >new && mv new mine.lua
      await 2
      sed 's/error("boom")/print("here")/' mine.lua >new && mv new mine.lua
      await 3
    ]], "mine.lua --time-limit 2 --log-stderr")
    assert.matches("\n n%d: mine.lua:4: boom\n", runs[2])
    assert.matches("\n *[%d.]+ n1 here\n", runs[3])
  end)

  it("looks at workloads that are files, too", function()
    local runs = watch([[
      touch work.lua
      await 2
    ]], "mine.lua --time-limit 2 -w " .. sh:write("work.lua", [[
      local echo = require("sim.workloads").get("echo")
      return { types = { "echo" }, generator = echo.generator, request = echo.request,
        result = echo.result, perform = echo.perform, check = echo.check }
    ]]))
    assert.matches("work.lua saved", runs[2])
  end)

  for arguments, expected in pairs({
    [""] = "what to run is missing: expected a script, as in ./sim watch challenges/echo_1.lua",
    ["nosuch.lua"] = "no such script: nosuch.lua ",
    ["mine.lua --rate x"] = "--rate x: expected a number",
    ["-w echo --bin 'python3 x.py'"] = "watch runs in virtual time, which --bin or --real-time ",
    ["mine.lua --test-count 2"] = "--test-count is an option of test; watch does not take it",
  }) do
    it("is refused at once: " .. arguments, function()
      local ran = sh:run(quote(sh.root) .. "/sim watch " .. arguments, { cwd = sh.folder })
      assert.equal(254, ran.status)
      assert.equal("sim: " .. expected, ran.err:sub(1, #expected + 5))
    end)
  end
end)
