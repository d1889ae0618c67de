-- A page of the documentation whose examples are run. In the page, in this order, stand
--
--   - ```lua mine.lua   a file: it is written under that name
--   - ```sh             commands: where the next block shows output, they are run, in a folder
--                       that has ./node and ./sim as the top of this repository has, and the files
--                       of the page so far
--   - ```               what one sees: each line is a line of what the commands printed, in that
--                       order; `...` stands for lines that are left out
--
-- A page shows what its commands print, so a figure that changes makes the page wrong. With UPDATE
-- set in the environment, its lines are replaced by those of the output that begin as they do.

local page = {}

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

--- The blocks of a text: {language, name, text, line}; the language is "" where there is none.
function page.blocks(text)
  local blocks, block, number = {}, nil, 0
  for line in (text .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local info = line:match("^```(.*)$")
    if info and block then
      block.text = table.concat(block, "\n", 1, #block) .. "\n"
      blocks[#blocks + 1], block = block, nil
    elseif info then
      local language, name = info:match("^(%S*)%s*(%S*)")
      block = { language = language, name = name ~= "" and name or nil, line = number }
    elseif block then
      block[#block + 1] = line
    end
  end
  assert(not block, "a block is not closed")
  return blocks
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    line = line:gsub("%s+$", "")
    lines[#lines + 1] = line ~= "" and line or nil
  end
  return lines
end

-- The first line that is not there, and the text with the lines as they should be.
local function compare(block, output)
  local printed, at, wrong, fixed = lines_of(output), 0, nil, {}
  for _, expected in ipairs(block) do
    local line = expected:gsub("%s+$", "")
    local found
    if line == "" or line == "..." then
      found = at
    else
      for i = at + 1, #printed do
        if printed[i] == line then
          found = i
          break
        end
      end
    end
    local replacement = expected
    if not found then
      wrong = wrong or line
      local word = line:match("^%s*%S+%s?%a*")
      for i = at + 1, #printed do
        if printed[i]:sub(1, #word) == word then
          found, replacement = i, printed[i]
          break
        end
      end
    end
    at = found or at
    fixed[#fixed + 1] = replacement
  end
  return wrong, table.concat(fixed, "\n") .. "\n"
end

-- A folder like the top of the repository, for the page's files.
local function make_folder()
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute(("mkdir %s && for f in node sim lua challenges scripts; do "
    .. 'ln -s "$PWD/$f" %s/$f; done'):format(folder, folder)))
  return folder
end

local function run(commands, folder)
  local pipe = assert(io.popen(("cd %s && { %s\n} 2>&1 </dev/null"):format(folder, commands)))
  local output = pipe:read("a")
  pipe:close()
  return output
end

--- Runs a page's examples.
-- @tparam string path
-- @tparam[opt] function translate takes the commands of a block and returns those to run
-- @tparam[opt] boolean update whether to replace what is wrong; default: whether UPDATE is set
-- @treturn integer how many blocks of output were compared
-- @raise with the place and what was printed, where the page shows something else
function page.run(path, translate, update)
  local text, folder = read(path), make_folder()
  local commands, compared, failure, updated = nil, 0, nil, text
  for _, block in ipairs(page.blocks(text)) do
    if block.name then
      local file = assert(io.open(folder .. "/" .. block.name, "w"))
      file:write(block.text)
      file:close()
    elseif block.language == "sh" then
      commands = translate and translate(block.text) or block.text
    elseif block.language == "" and commands then
      local output = run(commands, folder)
      local wrong, fixed = compare(block, output)
      compared = compared + 1
      if wrong then
        failure = failure or ("%s:%d: the output has no line %q here; it is\n%s"):format(path,
          block.line, wrong, output)
        local from, to = updated:find(block.text, 1, true)
        updated = updated:sub(1, from - 1) .. fixed .. updated:sub(to + 1)
      end
    end
    if block.language ~= "sh" then
      commands = nil
    end
  end
  os.execute("rm -rf " .. folder)
  if update == nil then
    update = os.getenv("UPDATE") ~= nil
  end
  if failure and update then
    local file = assert(io.open(path, "w"))
    file:write(updated)
    file:close()
  elseif failure then
    error(failure, 0)
  end
  return compared
end

return page
