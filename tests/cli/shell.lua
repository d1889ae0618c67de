-- Runs real programs for the specs, as a shell would: input through a pipe, output and
-- diagnostics collected, exit status known.
--
--     local shell = dofile("tests/cli/shell.lua")
--     local sh = shell.open()
--     teardown(function() sh:close() end)
--
--     local ran = sh:run("./node --version")
--     ran.out, ran.err, ran.status

local TIMEOUT = 60 -- seconds; far above what anything here takes, sanitizers included

local Shell = {}
Shell.__index = Shell

local shell = {}

--- A word that a shell takes as it is.
function shell.quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- The lines of a text, without their newlines.
function shell.lines(text)
  local lines, from = {}, 1
  while from <= #text do
    local newline = text:find("\n", from, true) or #text + 1
    lines[#lines + 1] = text:sub(from, newline - 1)
    from = newline + 1
  end
  return lines
end

local function read_pipe(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  pipe:close()
  return (text:gsub("\n$", ""))
end

--- Makes a temporary folder: `sh.folder`. The repository is `sh.root`.
function shell.open()
  return setmetatable({ folder = read_pipe("mktemp -d"), root = read_pipe("pwd") }, Shell)
end

--- Removes the folder.
function Shell:close()
  os.execute("rm -rf " .. shell.quote(self.folder))
end

--- The path of a file in the folder.
function Shell:path(name)
  return self.folder .. "/" .. name
end

--- Writes a file in the folder and returns its path.
function Shell:write(name, text)
  local file = assert(io.open(self:path(name), "wb"))
  assert(file:write(text))
  assert(file:close())
  return self:path(name)
end

--- The contents of a file in the folder; or nil when there is none.
function Shell:read(name)
  local file = io.open(self:path(name), "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

--- Runs a command of the shell.
-- @tparam string command
-- @tparam[opt] table options `input`: text for its standard input, which is empty otherwise;
--   `cwd`: the folder it runs in, which is the repository otherwise
-- @treturn table out, err, status
function Shell:run(command, options)
  options = options or {}
  local input = options.input and self:write(".in", options.input) or "/dev/null"
  local quoted = {}
  for name, path in pairs({ input = input, cwd = options.cwd or self.root,
    out = self:path(".out"), err = self:path(".err"), status = self:path(".status"),
    command = command }) do
    quoted[name] = shell.quote(path)
  end
  local script = ("cat $input | { cd $cwd && timeout " .. TIMEOUT .. " sh -c $command 2>$err; "
    .. "echo $? >$status; } | cat >$out"):gsub("%$(%l+)", quoted)
  os.execute(script)
  local status = tonumber(self:read(".status"))
  if status == 124 then
    error("took too long: " .. command, 2)
  end
  return { out = self:read(".out"), err = self:read(".err"), status = status }
end

return shell
