-- Writes the reference and the editor's types: ./node --lua scripts/docs.lua, which is `make docs`.
package.path = "scripts/?.lua;scripts/?/init.lua;" .. package.path
require("docs.files").write()
