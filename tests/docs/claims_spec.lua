-- No page says what the code does not do: whatever in them can be looked up is there.

local claims = dofile("tests/docs/claims.lua")
local commands = require "sim.commands"

local function pages()
  local pipe = assert(io.popen("find . -name '*.md' -not -path './build/*' -not -path './store/*' "
    .. "-not -path './vendor/local/*' -not -path '*/node_modules/*' | sort"))
  local list = {}
  for path in pipe:lines() do
    list[#list + 1] = path:sub(3)
  end
  pipe:close()
  return list
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

describe("the page", function()
  for _, path in ipairs(pages()) do
    it(path .. " claims nothing that is not so", function()
      local complaints = claims.check(path)
      assert(#complaints == 0, table.concat(complaints, "\n"))
    end)
  end

  it("of the tests tells of all their folders, and that of the core of all its layers", function()
    local function folders(top)
      local list, pipe = {}, assert(io.popen("find " .. top .. " -mindepth 1 -maxdepth 1 -type d"))
      for path in pipe:lines() do
        list[#list + 1] = path
      end
      pipe:close()
      return assert(list[1] and list)
    end
    local tests, core = read("tests/README.md"), read("core/README.md")
    for _, path in ipairs(folders("tests")) do
      assert(tests:find("\n| `" .. path:match("[^/]+$") .. "` |", 1, true), path)
    end
    for _, path in ipairs(folders("core")) do
      assert(core:find("\n" .. path .. " ", 1, true), path)
    end
  end)

  it("of the core has every limit of the node, that of the bench every command", function()
    local core, bench, count = read("core/README.md"), read("lua/sim/README.md"), 0
    local pipe = assert(io.popen("./node --help"))
    for limit in pipe:read("a"):gmatch("\n  (%-%-max%-%l+)") do
      assert(core:find("| `" .. limit .. "` |", 1, true), limit)
      count = count + 1
    end
    pipe:close()
    assert(count >= 7)
    for _, name in ipairs(commands.names()) do
      assert(bench:find("\n| `./sim " .. name .. "` |", 1, true), name)
    end
  end)

  it("README.md is reached from, as all others are, by links", function()
    local reached, waiting = { ["README.md"] = true }, { "README.md" }
    while waiting[1] do
      local path = table.remove(waiting)
      local folder = path:match("^(.*/)") or ""
      for target in read(path):gmatch("%]%(([^)#%s]+%.md)") do
        local full = folder .. target
        while full:find("[^/]+/%.%./") do
          full = full:gsub("[^/]+/%.%./", "", 1)
        end
        if not reached[full] then
          reached[full], waiting[#waiting + 1] = true, full
        end
      end
    end
    for _, path in ipairs(pages()) do
      assert(reached[path], path .. " is linked from no page")
    end
  end)
end)

-- Each of these is a page of one claim.
describe("a claim is found to be false", function()
  for claim, expected in pairs({
    ["```sh\n./sim tst\n```"] = 'unknown command "tst"',
    ["```sh\n./sim test --bin x --latncy 5\n```"] = "./sim test has no option --latncy",
    ["```sh\n./sim test --bin x \\\n  --nemesis patition\n```"] = "did you mean partition?",
    ["`./sim test --bin challenges/echo_9.lua`"] = "there is no script challenges/echo_9.lua",
    ["`./sim explore --bin x --store y`"] = "./sim explore has no option --store",
    ['`./sim test --bin "./node --max-lin 5 challenges/echo_1.lua"`'] =
      "./node has no option --max-lin",
    ['`./sim compare --bin "./node challenges/broadcast_3d.lua windw=1"`'] =
      "expected arguments of the form name=value",
    ["    ./node --chek challenges/echo_1.lua"] = "./node has no option --chek",
    ["`./node challenges/gone.lua`"] = "there is no script challenges/gone.lua",
    ["```sh\nmaelstrom test -w broadcast --bin ./node --tim-limit 5 -- x\n```"] =
      "./sim test has no option --tim-limit",
    ["`make tst`"] = "there is no target tst",
    ["`make fuzz SECNDS=3`"] = "the Makefile knows no SECNDS",
    ["in core/store/sen.c"] = "there is no file core/store/sen.c",
    ["see `checkers/ecko.lua`"] = "there is no file checkers/ecko.lua",
    ["with `--no-hed`"] = "nothing has an option --no-hed",
    ["[a](challenges/gone.md)"] = "a link to challenges/gone.md, which is not there",
    ["[a](challenges/README.md#no-such)"] = "a link to the heading challenges/README.md#no-such",
    ["# Here\n\n[a](#there)"] = "a link to the heading #there",
    ["`hearsay.sene`"] = "there is no module hearsay.sene",
    ['```lua\nlocal x = require "sim.checkers.ecko"\n```'] = "there is no module sim.checkers.ecko",
    ["`node.snd(dest, body)`"] = "node has no snd",
    ["`err.definit`"] = "err has no definit",
    ["`values:sinse(version)`"] = "values has no sinse",
    ["`kv.lin:updat(key, fn)`"] = "kv.lin has no updat",
    ["`testing.strat(script)`"] = "testing has no strat",
    ["```lua\nnode.evry(1, f)\n```"] = "node has no evry",
  }) do
    it(claim:gsub("\n", " "), function()
      local complaints = claims.check("page.md", claim)
      local all = table.concat(complaints, "\n")
      assert(all:find(expected, 1, true), "it was said: " .. all)
    end)
  end

  it("and none in a page that is right", function()
    assert.same({}, claims.check("page.md", [[
# Some heading

```sh
./sim test -w broadcast --bin "./node challenges/broadcast_3d.lua window=0.1" --nemesis loss # yes
make test ONLY=seen
```

`./sim shrink`, `./node --lua FILE`, `make atlas SEEDS=5`, `node.rpc(dest, body)`, `mine.lua`,
`hearsay.kv.lin`, [here](#some-heading), [there](challenges/README.md#3-broadcast), `err.name`,
core/store/seen.c, `kv.seq:read(key)`, `--max-rpcs`, `retry.backoff`.
]]))
  end)
end)
