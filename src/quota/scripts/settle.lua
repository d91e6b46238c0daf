-- The answer's head came: the vendor saw the request by now at the latest. KEYS: state, logs. ARGV: id.
-- LT only ever shortens, XX never resurrects.
local now = logical_time(redis.call('HGET', META, 'off'))
for k = 2, #KEYS do redis.call('ZADD', KEYS[k], 'XX', 'LT', text(now), ARGV[1]) end
return 0
