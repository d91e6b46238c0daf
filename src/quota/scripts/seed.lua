-- A replica tells what it knows; what survived is merged with it by id. Right at any time, also late.
-- KEYS: state, replicas, told, signatures, logs. ARGV: epoch, replica, est or '', '1' if it was there before, '1' if this is
-- all, then four lists, each with its length first: replicas (name, age), signatures (fingerprint, second), logs in the order of
-- KEYS (keeps ms, blocked ms), units (which log, id, age).
-- Ages, because no two clocks agree; negative for what is yet to come.
local REPLICAS, TOLD, SIG, FIRST_LOG = KEYS[2], KEYS[3], KEYS[4], 4
local epoch, replica, est, witness, complete = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local fields = { 'ticked', 'sig' }
for k = FIRST_LOG + 1, #KEYS do fields[#fields + 1] = field_of(KEYS[k]) end
local state = read_state(fields)
local off = state[4] or '0'
-- Logical time goes on from what the first witness of an epoch knows of it.
if state[3] and est ~= '' and state[5] ~= state[2] then
  off = text(est - server_time())
  redis.call('HSET', META, 'off', off, 'ticked', state[2])
end
local now = logical_time(off)

local arg = 6
local function each(width, take)
  local count = tonumber(ARGV[arg])
  for index = 0, count - 1 do take(arg + 1 + width * index, index + 1) end
  arg = arg + 1 + width * count
end

each(2, function(at)
  redis.call('ZADD', REPLICAS, 'GT', text(now - ARGV[at + 1]), ARGV[at])
end)
redis.call('PEXPIRE', REPLICAS, '172800000')

-- What was taken away and not noticed yet, others have to tell again: from here on it would look as if it were all there.
local gone = false
local function is_gone(key, stays)
  local missing = stays > now and redis.call('EXISTS', key) == 0
  gone = gone or missing
  return missing
end

local last_second = 0
local sig_until = tonumber(state[6]) or 0
if is_gone(SIG, sig_until) then
  sig_until = 0
  redis.call('HSET', META, 'sig', '0')
end
each(2, function(at)
  redis.call('ZADD', SIG, 'GT', ARGV[at + 1], ARGV[at])
  last_second = 1
end)
if last_second > 0 then
  local until_ms = math.max(sig_until, now + (REMEMBERED + MOST_AHEAD) * 1000)
  redis.call('HSET', META, 'sig', text(until_ms))
  keep_until(SIG, until_ms, now)
end

local logs = {}
each(2, function(at, index)
  local stays, keeps, blocked = read_partition(state[6 + index])
  blocked = math.max(blocked, now + ARGV[at + 1])
  if is_gone(KEYS[FIRST_LOG + index], stays) then stays = 0 end
  logs[index] = { stays = stays, keeps = math.max(keeps, tonumber(ARGV[at])), blocked = blocked }
end)
each(3, function(at)
  local index = tonumber(ARGV[at])
  local last_seen = now - ARGV[at + 2]
  redis.call('ZADD', KEYS[FIRST_LOG + index], 'GT', text(last_seen), ARGV[at + 1])
  logs[index].stays = math.max(logs[index].stays, last_seen + logs[index].keeps)
end)
for index, log in ipairs(logs) do
  local key = KEYS[FIRST_LOG + index]
  redis.call('HSET', META, field_of(key), write_partition(log.stays, log.keeps, log.blocked))
  if redis.call('EXISTS', key) == 1 then keep_until(key, log.stays, now) end
end

if gone then
  state[2], state[3] = open_epoch(state[1], true)
elseif complete == '1' and state[3] and state[2] == epoch then
  redis.call('SADD', TOLD, epoch .. ' ' .. replica)
  redis.call('PEXPIRE', TOLD, '86400000')
  redis.call('ZADD', REPLICAS, 'GT', text(now), replica)
  if witness == '1' then redis.call('HSET', META, 'known', epoch) end
end
return { 'recovering', state[2], now, off }
