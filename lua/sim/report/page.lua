--- Puts a page together: the frame, the style, the scripts and the data, all in one file that
-- needs no network. See page/README.md.
-- @module sim.report.page

local json = require "hearsay.json"

local page = {}

-- Every page has the first ones; what follows are the panels of a kind of page.
local COMMON = { "base", "plot", "messages" }

local folder = package.searchpath("sim.report.page", package.path):match("^(.*)%.lua$")

local pieces = {} -- texts that were read already

local function piece(name)
  if not pieces[name] then
    local file = assert(io.open(folder .. "/" .. name, "rb"))
    pieces[name] = file:read("a")
    file:close()
  end
  return pieces[name]
end

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

--- A text as it stands in HTML.
-- @tparam string text
-- @treturn string
function page.escape(text)
  return (text:gsub('[&<>"]', ENTITIES))
end

--- JSON that may stand in a script element: nothing in it ends the element or begins a comment.
-- @tparam string text JSON
-- @treturn string the same value
function page.embed(text)
  return (text:gsub("<", "\\u003c"))
end

--- Makes the text of a page.
-- @tparam string title
-- @tparam {string,...} panels names of scripts in page/, without .js
-- @tparam table data for json.encode
-- @treturn string HTML
function page.render(title, panels, data)
  local scripts = {}
  for _, list in ipairs({ COMMON, panels }) do
    for _, name in ipairs(list) do
      scripts[#scripts + 1] = piece(name .. ".js")
    end
  end
  local parts = {
    title = page.escape(title),
    style = piece("page.css") .. piece("diagrams.css"),
    data = page.embed(json.encode(data, true)),
    scripts = table.concat(scripts, "\n"),
  }
  return (piece("page.html"):gsub("{{(%l+)}}", parts))
end

--- Writes a file.
-- @tparam string path
-- @tparam string text
-- @treturn[1] true
-- @treturn[2] nil
-- @treturn[2] string why not
function page.write(path, text)
  local file, why = io.open(path, "wb")
  if not file then
    return nil, "cannot write " .. why
  end
  local ok, why_not = file:write(text)
  local is_closed, why_unclosed = file:close()
  if not (ok and is_closed) then
    return nil, ("cannot write %s: %s"):format(path, why_not or why_unclosed)
  end
  return true
end

return page
