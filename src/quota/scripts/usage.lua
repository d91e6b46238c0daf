-- What is charged to one partition now. KEYS: state, log. Answers { end of the block, then id and age of each unit }.
-- Without a log: the partitions that there are.
local now = logical_time(redis.call('HGET', META, 'off'))
if #KEYS == 1 then
  local logs = {}
  for _, field in ipairs(redis.call('HKEYS', META)) do
    if string.sub(field, 1, 1) == ':' then logs[#logs + 1] = field end
  end
  return logs
end
local _, keeps, blocked = read_partition(redis.call('HGET', META, field_of(KEYS[2])))
local answer = { math.max(0, blocked - now) }
local units = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. text(now - keeps), '+inf', 'WITHSCORES')
for index = 1, #units, 2 do
  answer[#answer + 1] = units[index]
  answer[#answer + 1] = now - units[index + 1]
end
return answer
