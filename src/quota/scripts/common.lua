-- Shared by all scripts: the account's state (a hash), and what keeps it from deciding.
local META = KEYS[1]

-- Numbers go to Redis as text made here: Redis writes a number of Lua as a float, which costs ten times as much, and Lua
-- itself rounds at 14 digits.
local function text(number)
  return string.format('%d', number)
end

-- Asks the server itself which incarnation of it this is: a restart, a failover and a moved slot all show,
-- whatever connection, proxy or redirection brought the call here.
local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end

-- A partition's field: until when its log must exist, how much of the past it keeps, until when it is blocked.
local function field_of(key)
  return string.sub(key, #META + 1)
end

local function read_partition(value)
  if not value then return 0, 0, 0 end
  local stays, keeps, blocked = string.match(value, '^(%S+) (%S+) (%S+)$')
  return tonumber(stays), tonumber(keeps), tonumber(blocked)
end

local function write_partition(stays, keeps, blocked)
  return string.format('%d %d %d', stays, keeps, blocked)
end

-- A key that is gone when an epoch begins is told anew, or has nothing to hold: without this, a log whose last unit was over
-- would be missed again and again. Not at the end of the epoch: what goes meanwhile has been told, and must be missed.
local function expect_what_is_there()
  local fields = redis.call('HGETALL', META)
  for index = 1, #fields, 2 do
    local field = fields[index]
    if string.sub(field, 1, 1) == ':' and redis.call('EXISTS', META .. field) == 0 then
      local _, keeps, blocked = read_partition(fields[index + 1])
      redis.call('HSET', META, field, write_partition(0, keeps, blocked))
    end
  end
  if redis.call('EXISTS', META .. ':sig') == 0 then redis.call('HSET', META, 'sig', '0') end
end

-- From now on nothing is admitted until the replicas have told what they know (see README.md, "Recovery").
-- `lost`: keys are known to be gone, so nobody's past can be taken for granted.
local function open_epoch(run, lost)
  local time = server_time()
  -- Counted, because two may begin within a millisecond.
  local number = redis.call('HINCRBY', META, 'epochs', '1')
  local epoch = text(time) .. '-' .. string.sub(run, 1, 8) .. '-' .. text(number)
  redis.call('HSET', META, 'run', run, 'epoch', epoch, 'hold', text(time))
  -- There from the start, because a small hash is searched from its start, and a field that is missing to its end.
  redis.call('HSETNX', META, 'off', '0')
  redis.call('HSETNX', META, 'sig', '0')
  if lost then
    redis.call('HSET', META, 'at', '0')
    expect_what_is_there()
  end
  redis.call('PEXPIRE', META, '172800000')
  return epoch, text(time)
end

-- Reads the state with further fields: { run, epoch, hold, off, ... }. Opens an epoch if another server wrote it, or none.
-- Asking the server who it is costs a fifth of an admission; it is left out where no connection has changed since.
local function read_state(fields, same_server)
  local state = redis.call('HMGET', META, 'run', 'epoch', 'hold', 'off', unpack(fields))
  if not (same_server and state[1]) then
    local run = run_id()
    if state[1] ~= run then
      state[2], state[3] = open_epoch(run, not state[1])
      state[1] = run
    end
  end
  if state[3] == '' then state[3] = false end
  return state
end

-- Logical time: the server's, moved by an offset so that it goes on evenly when the server's clock doesn't.
local function logical_time(off)
  return server_time() + (tonumber(off) or 0)
end

-- A replica expects logical time to be between `least` and `most`. Where the offset is another than it knows, it was moved on
-- purpose, so that time goes on evenly: it may have been put back (by a replica whose own clock stood still), never forward.
local function jumped(now, off, least, most, expected_off)
  if least == '' then return false end
  return now > tonumber(most) or (expected_off == off and now < tonumber(least))
end

-- Keys outlive what they say by ten minutes: a forward step of the clock expires keys, and has to be noticed first.
local function keep_until(key, stays, now)
  redis.call('PEXPIRE', key, text(stays - now + 600000))
end
