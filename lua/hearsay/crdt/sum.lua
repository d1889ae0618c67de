--- The exact sum of 64-bit integers, where it fits 64 bits.
--
-- Lua's integers wrap around, so a sum that does not fit would come out as something else, and
-- one that fits may not do so on the way. High and low halves are added apart: neither overflows
-- for less than 2^31 numbers.
-- @module hearsay.crdt.sum

local HALF = 32
local LOW = (1 << HALF) - 1

-- @tparam {integer,...} numbers
-- @treturn[1] integer
-- @treturn[2] nil when it does not fit
return function(numbers)
  local high, low = 0, 0
  for _, number in ipairs(numbers) do
    high = high + number // (1 << HALF) -- rounds down
    low = low + (number & LOW)
  end
  high = high + (low >> HALF)
  if high >= -(1 << HALF - 1) and high < 1 << HALF - 1 then
    return high << HALF | low & LOW
  end
  return nil
end
