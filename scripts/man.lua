-- Writes the manual pages and the completions into a folder: ./node --lua scripts/man.lua FOLDER
--
-- FOLDER/man1/*.1, and FOLDER/completions/sim (bash), _sim (zsh), sim.fish.

local completion = require "sim.completion"
local manual = require "sim.manual"

local folder = assert(arg[1], "expected a folder")

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  assert(file:write(text))
  assert(file:close())
end

assert(os.execute(("mkdir -p '%s/man1' '%s/completions'"):format(folder, folder)))
for _, page in ipairs(manual.pages()) do
  write("man1/" .. page.name, page.text)
end
write("completions/sim", completion.text("bash"))
write("completions/_sim", completion.text("zsh"))
write("completions/sim.fish", completion.text("fish"))
