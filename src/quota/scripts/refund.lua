-- No byte left: gives back the units of a permit that is still in flight. KEYS: state, logs. ARGV: id.
local now = logical_time(redis.call('HGET', META, 'off'))
for k = 2, #KEYS do
  local last_seen = redis.call('ZSCORE', KEYS[k], ARGV[1])
  if last_seen and tonumber(last_seen) > now then
    redis.call('ZREM', KEYS[k], ARGV[1])
    if redis.call('ZCARD', KEYS[k]) == 0 then
      local field = field_of(KEYS[k])
      local _, keeps, blocked = read_partition(redis.call('HGET', META, field))
      redis.call('HSET', META, field, write_partition(0, keeps, blocked))
    end
  end
end
return 0
