-- The server's clock has jumped: moves the offset so that logical time goes on, unless another replica already has.
-- A forward jump may have expired keys, so an epoch begins. KEYS: state. ARGV: off that was seen, est.
local state = read_state({ 'ticked' })
local agreed = not state[3] or state[5] == state[2]
if (state[4] or '0') == ARGV[1] and agreed then
  local epoch = open_epoch(state[1], true)
  redis.call('HSET', META, 'off', text(ARGV[2] - server_time()), 'ticked', epoch)
end
return 0
