-- ./sim report and ./sim check, on what ./sim test left.

local shell = dofile("tests/cli/shell.lua")

describe("./sim report", function()
  local sh = shell.open()
  local folder, ran

  setup(function()
    ran = sh:run("./sim test --bin challenges/broadcast_3b.lua --node-count 5 --rate 20 "
      .. "--time-limit 8 --latency 20 --nemesis partition --store " .. sh.folder)
    folder = sh.folder .. "/latest"
  end)
  teardown(function() sh:close() end)

  it("writes the page that ./sim test writes, to the byte", function()
    local where = sh.folder:gsub("%p", "%%%0") .. "/broadcast/%d+T%d+/report.html"
    assert.matches("\n Report +" .. where .. "\n", ran.out)
    local written = assert(sh:read("latest/report.html"))
    os.remove(folder .. "/report.html")
    local again = sh:run("./sim report " .. folder)
    assert.same({ 0, folder .. "/report.html\n", "" }, { again.status, again.out, again.err })
    assert.equal(written, sh:read("latest/report.html"))
    assert.matches("<title>INVALID: broadcast challenges/broadcast_3b.lua<", written, 1, true)
  end)

  it("is what a run names when it has not written its page", function()
    local plain = sh:run("./sim test --bin challenges/echo_1.lua --time-limit 1 --no-report "
      .. "--store " .. sh:path("plain"))
    assert.is_nil(sh:read("plain/latest/report.html"))
    local command = assert(plain.out:match("\n Report +(./sim report %S+)\n"))
    assert.equal(0, sh:run(command).status)
    assert.matches("^<!doctype html>", sh:read("plain/latest/report.html"))
    assert.is_nil(plain.out:find("--no-report", 1, true))
  end)

  it("takes the newest run when it is not told which, and a folder with a slash", function()
    assert.equal("store/latest/report.html\n", sh:run(("mkdir -p x && ln -sfn ../ x/store && "
      .. "cd x && %s/sim report"):format(sh.root), { cwd = sh.folder }).out)
    assert.equal(folder .. "/report.html\n", sh:run("./sim report " .. folder .. "///").out)
  end)

  it("opens it with what the system has for that", function()
    os.execute("mkdir " .. sh:path("bin"))
    sh:write("bin/xdg-open", '#!/bin/sh\necho "$1" >"' .. sh.folder .. '/opened"\n')
    os.execute("chmod +x " .. sh:path("bin/xdg-open"))
    local shown = sh:run(('PATH="%s:$PATH" ./sim report %s --open'):format(sh:path("bin"), folder))
    assert.same({ 0, "" }, { shown.status, shown.err })
    assert.equal(folder .. "/report.html\n", sh:read("opened"))
    local tested = sh:run(('PATH="%s:$PATH" ./sim test --bin challenges/echo_1.lua --time-limit 1 '
      .. "--open --store %s"):format(sh:path("bin"), sh:path("shown")))
    assert.same({ 0, "" }, { tested.status, tested.err })
    assert.equal(tested.out:match("Report +(%S+)\n") .. "\n", sh:read("opened"))
    local none = sh:run(("PATH=/nowhere %s/sim report %s --open"):format(sh.root, folder))
    assert.equal(255, none.status)
    assert.matches("^sim: no program that shows a page was found; open it in a browser: ", none.err)
  end)

  it("says what is wrong with its arguments and with files", function()
    local function says(status, expected, command)
      local out = sh:run("./sim " .. command)
      assert.same({ status, expected }, { out.status, out.err })
    end
    says(254, "sim: unknown option --opne; did you mean --open?\n", "report --opne")
    says(254, 'sim: unexpected word "b"; expected one DIR, which is a\n', "report a b")
    says(254, "sim: unknown option --x; ./sim check --help lists them all\n", "check --x")
    os.execute(("mkdir -p %s && cp -r %s/* %s"):format(sh:path("cut"), folder, sh:path("cut")))
    local text = sh:read("cut/messages.jsonl")
    sh:write("cut/messages.jsonl", text:sub(1, 2000))
    local out = sh:run("./sim report " .. sh:path("cut"))
    assert.equal(255, out.status)
    assert.matches("^sim: .*/cut: messages.jsonl, line %d+: [^\n]+\n$", out.err)
    sh:write("cut/history.jsonl", "{}\n")
    says(255, ("sim: %s: history.jsonl, line 1: process: expected a whole number, not nothing\n")
      :format(sh:path("cut")), "check " .. sh:path("cut"))
  end)

  it("explains itself", function()
    for _, name in ipairs({ "report", "check" }) do
      assert.matches("^Usage: ./sim " .. name .. " ", sh:run("./sim " .. name .. " --help").out)
      assert.equal(sh:run("./sim " .. name .. " --help").out, sh:run("./sim help " .. name).out)
    end
  end)
end)

describe("./sim check", function()
  local sh = shell.open()
  teardown(function() sh:close() end)

  it("judges a run as it was judged, and one that was edited by what it says now", function()
    sh:run("./sim test --bin challenges/echo_1.lua --rate 20 --time-limit 2 --store " .. sh.folder)
    local latest = sh.folder .. "/latest"
    local good = sh:run("./sim check " .. latest)
    assert.same({ 0, "VALID: every echo came back as it was sent\nresults.json has the same\n" },
      { good.status, good.out })
    local text = sh:read("latest/history.jsonl")
    sh:write("latest/history.jsonl", (text:gsub('"result":"Please', '"result":"please', 1)))
    local bad = sh:run("./sim check " .. latest)
    assert.same({ 1, "INVALID: 1 echo wrong\nresults.json differs: it has VALID\n" },
      { bad.status, bad.out })
  end)
end)

describe("./sim compare --page", function()
  local sh = shell.open()
  teardown(function() sh:close() end)

  local COMPARE = "./sim compare -w broadcast --bin challenges/broadcast_3a.lua "
    .. "--bin challenges/broadcast_3b.lua --node-count 1 --time-limit 1 "

  it("writes a page beside the table, which stays as it is", function()
    local plain = sh:run(COMPARE)
    local path = sh:path("page.html")
    local with = sh:run(COMPARE .. "--page " .. path)
    assert.same({ plain.status, plain.out, "" }, { with.status, with.out, with.err })
    local text = assert(sh:read("page.html"))
    assert.matches("<title>Messages against latency</title>", text, 1, true)
    assert.matches('"name":"broadcast_3a.lua, grid"', text, 1, true)
    assert.matches('"options":"-w broadcast --node-count 1 --rate 5 --latency 0"', text, 1, true)
  end)

  it("says when it cannot", function()
    local ran = sh:run(COMPARE .. "--page /nowhere/page.html")
    assert.equal(255, ran.status)
    assert.matches("^sim: cannot write /nowhere/page.html: No such file", ran.err)
  end)
end)
