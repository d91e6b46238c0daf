-- A replica says that it is alive, learns who else is, and opens the account when everybody has told what they know.
-- KEYS: state, replicas, told. ARGV: replica, least, most, off, horizon ms, shortest hold ms, hold without witnesses ms or '',
-- '1' to forget partitions that nobody uses any more, the epoch that the replica sees held and for how long, in ms,
-- '1' if replicas reuse units of their own while they can't be here, '1' if this one has been here for long enough to vouch for
-- the time.
-- Answers { 'live' | 'recovering' | 'clock', epoch, now, off, then name and age of every replica }.
local REPLICAS, TOLD = KEYS[2], KEYS[3]
local replica = ARGV[1]
local horizon, shortest_hold, unwitnessed_hold = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
-- A replica asks for at most 2 s after its last beat (STALE_MS in membership.ts); the rest is for what is on its way then.
local STALE = 4000
-- Somebody beats twice a second, if anybody can.
local SILENCE = 1000

local state = read_state({ 'at', 'known', 'ticked', 'alone' })
local epoch, hold, off = state[2], tonumber(state[3]), state[4] or '0'
local now = logical_time(off)
-- In a hold, once a witness has said what logical time is. A jump would end the hold at once, and what was told would be over.
local agreed = not hold or state[7] == epoch
if agreed and jumped(now, off, ARGV[2], ARGV[3], ARGV[4]) then return { 'clock', epoch, now, off } end
redis.call('PEXPIRE', META, '172800000')
-- Nobody could be here for a while: units may have been reused meanwhile, and have to be told first.
if ARGV[11] == '1' and not state[8] then redis.call('HSET', META, 'alone', '1') end
if not hold and (ARGV[11] == '1' or state[8]) and now - (tonumber(state[5]) or 0) > SILENCE then
  epoch, hold = open_epoch(state[1], false)
  agreed = false
end

-- What was written before the last beat that survived has survived with it: a server keeps or replicates a prefix of
-- its history. So only replicas that were alive after that beat, less the time they may act without one, must tell.
local function untold()
  local since = math.max(now - horizon, (tonumber(state[5]) or 0) - STALE)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', REPLICAS, text(since), '+inf')) do
    if redis.call('SISMEMBER', TOLD, epoch .. ' ' .. name) == 0 then return true end
  end
  return false
end

local function may_open()
  -- Where witnesses have said what logical time is, one of them opens: a newcomer couldn't tell that the clock has jumped since.
  if state[7] == epoch and ARGV[2] == '' then return false end
  -- On the replica's clock: the server's may jump in the meantime.
  local held = ARGV[9] == epoch and tonumber(ARGV[10]) or 0
  if held >= horizon then return true end
  if held < shortest_hold then return false end
  local witnessed = state[6] == epoch
  if not untold() then return witnessed or unwitnessed_hold ~= nil end
  return not witnessed and unwitnessed_hold ~= nil and held >= unwitnessed_hold
end

if agreed and ARGV[12] == '1' and ARGV[4] == off then redis.call('HSET', META, 'checked', text(now), 'checker', replica) end
if hold and may_open() then
  redis.call('HSET', META, 'hold', '')
  hold = nil
end
-- Who waits and has told is there as well: the others know it by the time it may spend.
if hold and agreed and redis.call('SISMEMBER', TOLD, epoch .. ' ' .. replica) == 1 then
  redis.call('ZADD', REPLICAS, 'GT', text(now), replica)
end
if not hold then
  redis.call('ZADD', REPLICAS, 'GT', text(now), replica)
  redis.call('ZREMRANGEBYSCORE', REPLICAS, '-inf', text(now - horizon))
  redis.call('PEXPIRE', REPLICAS, '172800000')
  redis.call('HSET', META, 'at', text(now))
end
if ARGV[8] == '1' then
  local fields = redis.call('HGETALL', META)
  for index = 1, #fields, 2 do
    local stays, _, blocked = read_partition(string.match(fields[index + 1], '^%S+ %S+ %S+$'))
    if string.sub(fields[index], 1, 1) == ':' and stays < now and blocked < now then redis.call('HDEL', META, fields[index]) end
  end
end

local answer = { hold and 'recovering' or 'live', epoch, now, off }
local replicas = redis.call('ZRANGE', REPLICAS, 0, -1, 'WITHSCORES')
for index = 1, #replicas, 2 do
  answer[#answer + 1] = replicas[index]
  answer[#answer + 1] = now - replicas[index + 1]
end
return answer
