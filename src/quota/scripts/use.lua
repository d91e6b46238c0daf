-- Uses up a name for a while. KEYS: the name, in a slot of its own. ARGV: ms.
-- Answers { 1 } the first time, { 0 } until that time is over.
return { redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) and 1 or 0 }
