-- ./sim completion: what shells complete, asked of the shells themselves where they are.

local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

describe("./sim completion", function()
  local sh = shell.open()

  setup(function()
    for _, name in ipairs({ "bash", "zsh", "fish" }) do
      sh:write(name, sh:run("./sim completion " .. name).out)
    end
  end)
  teardown(function() sh:close() end)

  local function has(name)
    return sh:run("command -v " .. name).status == 0
  end

  -- What bash completes; the words as bash splits them, the last one is being written.
  local function bash(...)
    local words = { ... }
    for i, word in ipairs(words) do
      words[i] = quote(word)
    end
    local script = ("source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _hearsay_%s; "
      .. "printf '%%s\\n' \"${COMPREPLY[@]}\""):format(quote(sh:path("bash")),
      table.concat(words, " "), #words - 1, (...):match("%l+$"))
    local ran = sh:run("bash -c " .. quote(script))
    assert.equal("", ran.err)
    return table.concat(shell.lines(ran.out), " ")
  end

  for case, expected in pairs({
    ["sim ex"] = "explore",
    ["./sim test --ne"] = "--nemesis --nemesis-interval",
    ["sim explore --se"] = "--seed --seeds",
    ["sim test --seeds"] = "",
    ["sim test --topology tr"] = "tree tree2 tree3 tree4",
    ["sim test --topology = tr"] = "tree tree2 tree3 tree4",
    ["sim test --topology ="] = "line grid ring tree tree2 tree3 tree4 star total hypercube",
    ["sim test -w txn"] = "txn-rw-register txn-list-append",
    ["sim test --nemesis s"] = "spike skew",
    ["sim test --nemesis skew,loss,s"] = "skew,loss,spike",
    ["sim test challenges/ec"] = "challenges/echo_1.lua",
    ["sim compare unique"] = "challenges/unique_ids_2.lua",
    ["sim test --rate 1"] = "",
    ["sim test --store cor"] = "core",
    ["sim report cor"] = "core",
    ["sim help form"] = "format",
    ["sim completion z"] = "zsh",
    ["./node --tr"] = "--trace",
    ["node --trace = f"] = "full",
    ["node --trace f"] = "",
    ["node --color al"] = "always",
    ["node --data cor"] = "core",
    ["node echo"] = "challenges/echo_1.lua",
  }) do
    it("makes bash complete " .. case, function()
      if not has("bash") then
        pending("needs bash")
      end
      local words = {}
      for word in case:gmatch("%S+") do
        words[#words + 1] = word
      end
      assert.equal(expected, bash(table.unpack(words)))
    end)
  end

  for line, expected in pairs({
    ["sim ex"] = "explore",
    ["./sim test --nemesis-"] = "--nemesis-interval",
    ["sim test --topology=tree3"] = "--topology=tree3",
    ["sim test --latency-dist u"] = "uniform",
    ["sim test --nemesis skew,sp"] = "skew,spike",
    ["sim test challenges/ec"] = "challenges/echo_1.lua",
    ["sim help form"] = "format",
    ["sim completion z"] = "zsh",
    ["sim report chall"] = "challenges/",
    ["node --trace=fu"] = "--trace=full",
  }) do
    it("makes fish complete " .. line, function()
      if not has("fish") then
        pending("needs fish")
      end
      local ran = sh:run("fish -c " .. quote(("source %s; complete -C %s"):format(
        quote(sh:path("fish")), quote(line))))
      assert.equal("", ran.err)
      assert.equal(expected, (ran.out:gsub("\t[^\n]*", ""):gsub("\n$", "")))
    end)
  end

  it("is text that each shell can read", function()
    for _, name in ipairs({ "bash", "zsh", "fish" }) do
      assert.is_true(#sh:read(name) > 1000)
      if has(name) then
        assert.same({ out = "", err = "", status = 0 }, sh:run(name .. " -n " .. sh:path(name)))
      end
    end
  end)

  it("says which shells there are", function()
    for arguments, said in pairs({
      [""] = "what shell? expected one of bash, zsh, fish",
      ["tcsh"] = 'unknown shell "tcsh"; expected one of bash, zsh, fish',
      ["fis"] = 'unknown shell "fis"; did you mean fish?',
      ["bash zsh"] = 'unexpected word "zsh"; expected one SHELL, which is bash',
    }) do
      local ran = sh:run("./sim completion " .. arguments)
      assert.same({ 254, "sim: " .. said .. "\n" }, { ran.status, ran.err })
    end
  end)
end)
