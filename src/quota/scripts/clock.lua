-- The server's clock has jumped: moves the offset so that logical time goes on, unless another replica already has.
-- A forward jump may have expired keys, so an epoch begins. KEYS: state. ARGV: off that was seen, est, replica.
-- Answers '1' if others find logical time as they expect it: then it was the replica's own clock that stood still.
local state = read_state({ 'ticked', 'checked', 'checker' })
local now = logical_time(state[4])
local checked = tonumber(state[6]) or 0
-- Somebody else has beaten within the last three beats, and what it expected came true. A replica whose own clock stood still
-- (a machine that slept) would otherwise hold time back for everybody.
if state[7] and state[7] ~= ARGV[3] and math.abs(now - checked) <= 1500 then return { '1' } end
local agreed = not state[3] or state[5] == state[2]
if (state[4] or '0') == ARGV[1] and agreed then
  local epoch = open_epoch(state[1], true)
  redis.call('HSET', META, 'off', text(ARGV[2] - server_time()), 'ticked', epoch)
end
return { '0' }
