-- Runs busted in the interpreter mode of ./node, where the specs find our C
-- modules: ./node --lua scripts/busted.lua [options] [files]
require "busted.runner"({ standalone = false })
