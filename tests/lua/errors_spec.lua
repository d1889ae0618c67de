local errors = require "hearsay.errors"

describe("errors", function()
  it("knows Maelstrom's codes, and which are definite", function()
    local expected = {
      { 0, "timeout", false }, { 1, "node_not_found", true }, { 10, "not_supported", true },
      { 11, "temporarily_unavailable", true }, { 12, "malformed_request", true },
      { 13, "crash", false }, { 14, "abort", true }, { 20, "key_does_not_exist", true },
      { 21, "key_already_exists", true }, { 22, "precondition_failed", true },
      { 30, "txn_conflict", true },
    }
    for _, row in ipairs(expected) do
      for _, by in ipairs({ row[1], row[2] }) do
        local err = errors.new(by, "why")
        assert.same({ row[1], row[2], row[3], "why" },
          { err.code, err.name, err.definite, err.text })
      end
    end
  end)

  it("prints name, code and text", function()
    assert.equal("key_does_not_exist (20): no key 7",
      tostring(errors.new("key_does_not_exist", "no key 7")))
  end)

  it("has words of its own when no text is given", function()
    assert.equal("the key does not exist", errors.new(20).text)
    assert.equal("error code 1234", errors.new(1234).text)
  end)

  it("tells its objects from anything else", function()
    assert.is_true(errors.is(errors.new(0)))
    for _, value in ipairs({ {}, "timeout", 0, true, { code = 20, name = "timeout" } }) do
      assert.is_false(errors.is(value))
    end
    assert.is_false(errors.is(nil))
  end)

  it("goes to a body and back", function()
    local body = errors.body(errors.new("txn_conflict", "lock held"))
    assert.same({ type = "error", code = 30, text = "lock held" }, body)
    local err = errors.from_body(body)
    assert.is_true(errors.is(err))
    assert.equal("txn_conflict (30): lock held", tostring(err))
    assert.is_true(err.definite)
  end)

  it("keeps the number of a code nobody knows, as indefinite", function()
    local err = errors.from_body({ type = "error", code = 1001 })
    assert.same({ 1001, "code_1001", false }, { err.code, err.name, err.definite })
    assert.same({ 99, "code_99" }, { errors.from_body({ type = "error", code = 99 }).code,
      errors.from_body({ type = "error", code = 99 }).name })
  end)

  it("takes a float that is a whole number for a code, as other languages send it", function()
    local err = errors.from_body({ type = "error", code = 22.0, text = "no" })
    assert.equal("integer", math.type(err.code))
    assert.equal("precondition_failed", err.name)
  end)

  it("makes a crash of an error body without an integer code", function()
    for _, code in ipairs({ "20", 20.5, true, {} }) do
      local err = errors.from_body({ type = "error", code = code, text = "odd" })
      assert.same({ 13, false }, { err.code, err.definite })
      assert.equal("an error reply without an integer code: odd", err.text)
    end
    assert.equal(13, errors.from_body({ type = "error", text = 5 }).code)
  end)

  it("does not read other bodies as errors", function()
    assert.has_error(function() errors.from_body({ type = "read_ok", code = 20 }) end,
      'errors.from_body: expected a body of type "error"')
    assert.has_error(function() errors.from_body(nil) end)
  end)

  it("registers errors of a script's own", function()
    assert.equal(1007, errors.define(1007, "quota_exceeded"))
    assert.same({ 1007, false, "quota exceeded" }, {
      errors.new("quota_exceeded").code, errors.new(1007).definite, errors.new(1007).text })
    errors.define(1008, "not_leader", { definite = true, text = "ask another" })
    local err = errors.from_body({ type = "error", code = 1008 })
    assert.same({ "not_leader", true, "ask another" }, { err.name, err.definite, err.text })
  end)

  it("refuses to register a code or a name twice, or one that is Maelstrom's to give", function()
    errors.define(1010, "taken")
    assert.has_error(function() errors.define(1010, "other") end,
      "errors.define: code 1010 is taken by taken")
    assert.has_error(function() errors.define(1011, "taken") end,
      "errors.define: name taken is taken by code 1010")
    assert.has_error(function() errors.define(1012, "timeout") end,
      "errors.define: name timeout is taken by code 0")
    assert.has_error(function() errors.define(999, "low") end,
      "errors.define: code must be an integer from 1000 on, got 999")
    assert.has_error(function() errors.define(1013, "Not Snake") end,
      "errors.define: name must be in snake_case, got Not Snake")
    assert.has_error(function() errors.define(1014, "fine", true) end)
    assert.equal(1013, errors.define(1013, "nothing_was_left_behind"))
  end)

  it("says what was expected, at the caller's line", function()
    local ok, message = pcall(function() errors.new("key_not_there") end)
    assert.is_false(ok)
    assert.matches("^[^:]*errors_spec.lua:%d+: errors.new: unknown name \"key_not_there\"; "
      .. "known are timeout, node_not_found, not_supported", message)
    for _, case in ipairs({
      { function() errors.new(15) end, "unknown code 15; codes of your own start at 1000" },
      { function() errors.new() end, "expected the name or the integer code of an error, got nil" },
      { function() errors.new(20.5) end, "got 20.5" },
      { function() errors.new(20, 5) end, "text must be a string, got number" },
      { function() errors.body({ code = 20 }) end, "expected an error object, got table" },
      { function() errors.define(5, "five") end, "from 1000 on, got 5" },
    }) do
      ok, message = pcall(case[1])
      assert.is_false(ok)
      assert.matches("errors_spec.lua:%d+: errors%.", message)
      assert.matches(case[2], message, 1, true)
    end
  end)
end)
