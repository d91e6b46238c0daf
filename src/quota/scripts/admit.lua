-- Decides, and takes in the same step. KEYS: state, signatures, one log per charge.
-- ARGV: '1' if this connection has been to the same server since its last beat, id, least, most, off, wall ms, fingerprint,
-- lease ms, longest wait ms, then per charge the number of policies and
-- for each its quota and its window with the margin, in ms.
-- Answers { 'admitted' | 'denied', epoch, now, off, wait, second, then per policy remaining and reset }, or what keeps it
-- from deciding: { 'recovering', epoch, now, off }, { 'clock', epoch, now, off }.
-- MOST_AHEAD and REMEMBERED, in s, are written in by redis-scripts.ts.
local SIG = KEYS[2]
local same_server, id, wall, fingerprint = ARGV[1] == '1', ARGV[2], tonumber(ARGV[6]), ARGV[7]
local lease, longest_wait = tonumber(ARGV[8]), tonumber(ARGV[9])

local fields = { 'sig' }
for k = 3, #KEYS do fields[k - 1] = field_of(KEYS[k]) end
local state = read_state(fields, same_server)
local epoch, off = state[2], state[4] or '0'
local now = logical_time(off)
if state[3] then return { 'recovering', epoch, now, off } end
if jumped(now, off, ARGV[3], ARGV[4], ARGV[5]) then return { 'clock', epoch, now, off } end

-- A key is gone. What is known of it is told anew, and whatever nobody tells is not missed again.
local function lost(field, forgotten)
  redis.call('HSET', META, field, forgotten)
  return { 'recovering', (open_epoch(state[1], true)), now, off }
end

local changed = {}
local function change(field, value)
  changed[#changed + 1] = field
  changed[#changed + 1] = value
end
local function write_changes()
  if #changed > 0 then redis.call('HSET', META, unpack(changed)) end
end

-- How many units a log has, and the instant of the oldest.
local function read_log(key)
  local oldest = redis.call('ZRANGE', key, '0', '0', 'WITHSCORES')
  if not oldest[2] then return 0 end
  return redis.call('ZCARD', key), tonumber(oldest[2])
end

-- Reads every log; nothing is taken yet. A log that must be there and isn't was taken away (eviction). A policy: quota, span, count, first charged, wait.
local wait, policies, charges, arg = 0, {}, {}, 10
for k = 3, #KEYS do
  local key = KEYS[k]
  local stays, keeps, blocked = read_partition(state[k + 3])
  local charge = { key = key, stays = stays, kept = keeps, keeps = keeps, blocked = blocked }
  local number_of_policies = tonumber(ARGV[arg])
  for p = 0, number_of_policies - 1 do
    charge.keeps = math.max(charge.keeps, tonumber(ARGV[arg + 2 + 2 * p]))
  end
  local size, oldest = read_log(key)
  if size == 0 and stays > now then return lost(field_of(key), write_partition(0, charge.keeps, blocked)) end
  if oldest and oldest <= now - charge.keeps then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now - charge.keeps))
    size, oldest = read_log(key)
    if size == 0 then
      charge.stays = 0
      change(field_of(key), write_partition(0, charge.keeps, blocked))
    end
  end
  wait = math.max(wait, blocked - now)
  for p = 1, number_of_policies do
    local quota, span = tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
    arg = arg + 2
    local count = size
    if span < charge.keeps then count = redis.call('ZCOUNT', key, '(' .. text(now - span), '+inf') end
    local policy = { quota = quota, span = span, count = count, wait = math.max(0, blocked - now) }
    if count >= quota then
      local deciding = redis.call('ZRANGE', key, text(-quota), text(-quota), 'WITHSCORES')
      policy.wait = math.max(policy.wait, deciding[2] + span - now)
    elseif count == size then
      policy.first = oldest
    elseif count > 0 then
      local first = text(size - count)
      policy.first = tonumber(redis.call('ZRANGE', key, first, first, 'WITHSCORES')[2])
    end
    wait = math.max(wait, policy.wait)
    policies[#policies + 1] = policy
  end
  arg = arg + 1
  charges[#charges + 1] = charge
end

-- A second that no request of this fingerprint was signed with; later than the last one's, if there was one.
local second, last = math.floor((wall + wait) / 1000), nil
local function reckon_with(last_second)
  last = tonumber(last_second)
  wait = math.max(wait, (math.max(math.floor(wall / 1000), last + 1) - MOST_AHEAD) * 1000 - wall)
  second = math.max(math.floor((wall + wait) / 1000), last + 1)
end
local remembered_until = tonumber(state[5]) or 0
if fingerprint ~= '' then
  if wait > longest_wait or redis.call('ZADD', SIG, 'NX', text(second), fingerprint) == 0 then
    local last_second = redis.call('ZSCORE', SIG, fingerprint)
    if last_second then reckon_with(last_second) end
  elseif remembered_until > now and redis.call('ZCARD', SIG) == 1 then
    -- Nothing is ever taken out but by the side of something that stays: the others were taken away (eviction).
    return lost('sig', '0')
  end
end

local denied = wait > longest_wait
if not denied then
  if fingerprint ~= '' then
    if last then redis.call('ZADD', SIG, text(second), fingerprint) end
    -- Now and then is enough: what is over does no harm but take room.
    if second % 16 == 0 then
      local over = math.min(math.floor(wall / 1000), math.floor(now / 1000)) - REMEMBERED
      redis.call('ZREMRANGEBYSCORE', SIG, '-inf', text(over))
    end
    if remembered_until < now + REMEMBERED * 1000 then
      local needed = now + (REMEMBERED + MOST_AHEAD) * 1000
      change('sig', text(needed))
      keep_until(SIG, needed + wait, now)
    end
  end
  for _, charge in ipairs(charges) do
    local last_seen = now + wait + lease
    redis.call('ZADD', charge.key, text(last_seen), id)
    if charge.stays < last_seen + charge.keeps or charge.keeps > charge.kept then
      -- A minute more than needed, so that this is written once a minute and not with each request.
      local stays = last_seen + charge.keeps + 60000
      change(field_of(charge.key), write_partition(stays, charge.keeps, charge.blocked))
      keep_until(charge.key, stays, now)
    end
  end
end
write_changes()

local answer = { denied and 'denied' or 'admitted', epoch, now, off, wait, second }
for _, policy in ipairs(policies) do
  local remaining, reset = policy.quota - policy.count, 0
  local taken = not denied and wait == 0
  if taken then
    remaining = remaining - 1
    -- A unit that was reserved earlier may be seen later.
    policy.first = math.min(policy.first or now + lease, now + lease)
  end
  if policy.wait > 0 then
    remaining, reset = 0, policy.wait
  elseif remaining == 0 and taken then
    reset = policy.first + policy.span - now
  elseif policy.first then
    reset = math.min(policy.first, now) + policy.span - now
  end
  answer[#answer + 1] = remaining
  answer[#answer + 1] = reset
end
return answer
