-- The server's clock in ms. Whole numbers up to 2^53 are exact in Lua, so ms since 1970 are.
local function server_time()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
