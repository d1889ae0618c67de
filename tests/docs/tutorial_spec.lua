-- The tutorial's scripts are run, by its commands, and print what it shows.

local page = dofile("tests/docs/page.lua")

describe("the tutorial", function()
  it("shows what its commands print", function()
    assert.equal(13, page.run("challenges/TUTORIAL.md"))
  end)
end)

describe("a page", function()
  local function run(text, update)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    finally(function() os.remove(path) end)
    local compared = page.run(path, nil, update or false)
    file = assert(io.open(path))
    local after = file:read("a")
    file:close()
    return compared, after
  end

  local START = "```txt a.txt\none\ntwo\nthree\n```\n```sh\ncat a.txt\n```\n"

  it("may leave lines out, but shows no other, and none in another order", function()
    assert.equal(1, (run(START .. "```\none\n...\nthree\n```\n")))
    assert.equal(1, (run(START .. "```\n\ntwo\n```\n")))
    for _, shown in ipairs({ "one\nfour", "two\none", "three\nthree", "on" }) do
      local ok, message = pcall(run, START .. "```\n" .. shown .. "\n```\n")
      assert.is_false(ok, shown)
      assert.is_truthy(message:find(":9: the output has no line", 1, true), message)
    end
  end)

  it("is brought up to date on demand, and only where it is wrong", function()
    local start = "```txt a.txt\nsize 17 KB\nage 3\n```\n```sh\ncat a.txt\n```\nWords.\n"
    local _, after = run(start .. "```\nsize 16 KB\n...\nage 3\n```\nEnd.\n", true)
    assert.equal(start .. "```\nsize 17 KB\n...\nage 3\n```\nEnd.\n", after)
  end)

  it("has a node and a bench, and its own files, where it runs", function()
    local blocks = page.blocks("```lua x.lua\n1\n```\n\n```\n```\n")
    assert.same({ "lua", "x.lua", "1\n", 1 },
      { blocks[1].language, blocks[1].name, blocks[1].text, blocks[1].line })
    assert.equal("", blocks[2].language)
    assert.equal(1, (run("```sh\nls\n```\n```\nchallenges\nlua\nnode\nscripts\nsim\n```\n")))
  end)
end)
