#!/usr/bin/env -S sh -c 'exec "${0%/*}/../node" "$0" "$@"'
--- Challenge 1, echo: every node answers a message with what it said.

local node = require "hearsay"

node.on("echo", function(msg)
  return { type = "echo_ok", echo = msg.body.echo }
end)
