-- make install: the programs, the library and the challenges find each other wherever they are.

local shell = dofile("tests/cli/shell.lua")

local quote = shell.quote

describe("make install", function()
  local sh = shell.open()
  local talk = dofile("tests/cli/talk.lua")(sh)
  local prefix = sh:path("a prefix") -- with a space
  local bin, share = prefix .. "/bin", prefix .. "/share/hearsay"
  local installed

  -- Installs what is there: with -o all, make does not look whether it is up to date, and so never
  -- builds what other specs are just running.
  local function make(target)
    return sh:run(("unset MAKEFLAGS MFLAGS MAKELEVEL; make -s -o all %s DESTDIR= PREFIX=%s"):format(
      target, quote(prefix)))
  end

  setup(function() installed = make("install") end)
  teardown(function() sh:close() end)

  it("says nothing", function()
    assert.same({ out = "", err = "", status = 0 }, installed)
  end)

  it("has the programs in bin and the rest in share", function()
    local found = sh:run("cd " .. quote(prefix) .. " && find . -maxdepth 3 | sort")
    assert.same({ ".", "./bin", "./bin/node", "./bin/sim", "./share", "./share/bash-completion",
      "./share/bash-completion/completions", "./share/fish", "./share/fish/vendor_completions.d",
      "./share/hearsay", "./share/hearsay/challenges", "./share/hearsay/lua",
      "./share/hearsay/node", "./share/man", "./share/man/man1", "./share/zsh",
      "./share/zsh/site-functions" }, shell.lines(found.out))
    for _, folder in ipairs { "lua", "challenges" } do
      local differs = sh:run(("diff -r %s %s"):format(folder, quote(share .. "/" .. folder)))
      assert.same({ out = "", err = "", status = 0 }, differs)
    end
  end)

  it("has manual pages and completions where others look for them", function()
    for _, name in ipairs { "node", "sim", "sim-test", "sim-completion" } do
      local page = sh:run("cat " .. quote(("%s/share/man/man1/%s.1"):format(prefix, name)))
      assert.matches('^%.TH "' .. name:upper():gsub("%-", "\\%%-") .. '" 1 ', page.out)
    end
    for file, name in pairs { ["bash-completion/completions/sim"] = "bash",
      ["zsh/site-functions/_sim"] = "zsh", ["fish/vendor_completions.d/sim.fish"] = "fish" } do
      assert.equal(sh:run("./sim completion " .. name).out,
        sh:run("cat " .. quote(prefix .. "/share/" .. file)).out)
    end
  end)

  for name, command in pairs {
    ["the node"] = quote(bin .. "/node") .. " challenges/echo_1.lua",
    ["the node in PATH"] = "PATH=" .. quote(bin) .. ":$PATH; node challenges/echo_1.lua",
    ["a challenge, executed"] = quote(share .. "/challenges/echo_1.lua"),
  } do
    it("lets " .. name .. " run from anywhere", function()
      local ran = sh:run(command, { cwd = "/",
        input = talk.init() .. "\n" .. talk.message({ type = "echo", msg_id = 2, echo = "hi" }) })
      assert.equal("", ran.err)
      assert.equal(0, ran.status)
      assert.matches('"echo":"hi"', ran.out, 1, true)
    end)
  end

  it("lets the node find a script beside it", function()
    os.execute(("cp challenges/echo_1.lua %s"):format(quote(bin .. "/beside.lua")))
    local ran = sh:run(quote(bin .. "/node") .. " --check beside.lua", { cwd = "/" })
    assert.same({ out = "beside.lua: handles echo\n", err = "", status = 0 }, ran)
    os.execute("rm " .. quote(bin .. "/beside.lua"))
  end)

  it("lets the bench run from anywhere", function()
    local arguments = " test --json --time-limit 2 --bin './node challenges/broadcast_3c.lua'"
    local ran = sh:run(quote(bin .. "/sim") .. arguments, { cwd = sh.folder })
    assert.equal("", ran.err)
    assert.equal(0, ran.status)
    local here = sh:run("./sim" .. arguments .. " --store " .. quote(sh:path("here")))
    assert.equal(here.out, ran.out)
  end)

  it("uses the installed library, not that of the repository", function()
    local ran = sh:run(quote(bin .. "/node") .. " --lua " .. sh:write("where.lua",
      'print(package.searchpath("hearsay.errors", package.path))'))
    assert.matches("/a prefix/bin/../share/hearsay/lua/hearsay/errors.lua\n", ran.out, 1, true)
  end)

  it("leaves nothing behind when it is undone", function()
    assert.same({ out = "", err = "", status = 0 }, make("uninstall"))
    assert.equal("", sh:run("find " .. quote(prefix) .. " -type f -o -type l").out)
  end)
end)
