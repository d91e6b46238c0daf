-- The vendor said stop: one partition admits nobody for a while. KEYS: state, log. ARGV: ms.
local now = logical_time(redis.call('HGET', META, 'off'))
local field = field_of(KEYS[2])
local stays, keeps, blocked = read_partition(redis.call('HGET', META, field))
redis.call('HSET', META, field, write_partition(stays, keeps, math.max(blocked, now + ARGV[1])))
return 0
