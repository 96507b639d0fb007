import { MERGE_LUA } from './buffer.lua.ts';

/**
 * One batch per object at a time. Whoever takes it holds the object's lease; each new holder has a token of its own, and
 * every later step shows it, so that a flush that was thought dead and wakes up again changes nothing. Not a counter: that
 * would begin anew when Redis lost its data, and two holders would show the same.
 *
 * KEYS  rows · due · lease (hash holder, until, token) · batch · meta · received · lagging
 * ARGV  now (ms) · most rows · id for a new batch · holder · lease (ms) · how long a version may lag (ms)
 * Gives {'busy'}, {'empty'} or {'taken', batch id, token, rows}: a batch that a crash left comes before a new one. Rows
 * whose version has lagged long enough come before those that are due, or a flood would put them off for ever.
 */
export const TAKE_LUA = `
local now = tonumber(ARGV[1])
local lease = redis.call('HMGET', KEYS[3], 'holder', 'until')
if lease[1] ~= ARGV[4] then
  if lease[2] and tonumber(lease[2]) > now then return { 'busy' } end
  redis.call('HSET', KEYS[3], 'token', ARGV[3])
end
redis.call('HSET', KEYS[3], 'holder', ARGV[4], 'until', now + tonumber(ARGV[5]))
local token = redis.call('HGET', KEYS[3], 'token')

local left = redis.call('HGET', KEYS[5], 'id')
if left then return { 'taken', left, token, redis.call('HLEN', KEYS[4]) } end

local taken, oldest = 0, now
local function move(keys)
  for i = 1, #keys do
    local key = keys[i]
    local row = redis.call('HGET', KEYS[1], key)
    if row then
      local received = tonumber(redis.call('ZSCORE', KEYS[6], key) or redis.call('ZSCORE', KEYS[7], key) or now)
      if received < oldest then oldest = received end
      redis.call('HSET', KEYS[4], key, row)
      redis.call('HDEL', KEYS[1], key)
      taken = taken + 1
    end
    redis.call('ZREM', KEYS[2], key)
    redis.call('ZREM', KEYS[6], key)
    redis.call('ZREM', KEYS[7], key)
  end
end
move(redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', now - tonumber(ARGV[6]), 'LIMIT', 0, ARGV[2]))
move(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[2] - taken))
if taken == 0 then
  redis.call('HSET', KEYS[3], 'holder', '', 'until', 0)
  return { 'empty' }
end
redis.call('HSET', KEYS[5], 'id', ARGV[3], 'startedAt', now, 'oldest', oldest)
return { 'taken', ARGV[3], token, taken }
`;

/** In front of every step: KEYS[1] lease, ARGV[1] token, ARGV[2] the lease's new end (ms). */
const FENCE_LUA = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'fenced' end
redis.call('HSET', KEYS[1], 'until', ARGV[2])
`;

/** KEYS lease · a hash. ARGV token · until · field, value, … Sets the fields. */
export const NOTE_LUA = `${FENCE_LUA}
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 'ok'
`;

/**
 * KEYS  lease · rows · due · batch · received · lagging
 * ARGV  token · until · then per row: key, attempts, not-before (ms), apart (0 or 1), lags (0 or 1)
 * Puts rows of the batch back. A state that came in meanwhile stays: the two are merged, newest wins. May run twice.
 * A row that lags waits for its version alone, unless another state came in: that one must not wait as long.
 */
export const GIVE_BACK_LUA = `${MERGE_LUA}${FENCE_LUA}
for i = 3, #ARGV, 5 do
  local text = redis.call('HGET', KEYS[4], ARGV[i])
  if text then
    local row = cjson.decode(text)
    local waiting = redis.call('HGET', KEYS[2], ARGV[i])
    if waiting then
      local newer = cjson.decode(waiting)
      merge(row, { owners = newer.owners, columns = newer.columns, settle = 1 })
      named(row, newer.id)
      owes(row, newer)
      for e = 1, #newer.events do remember(row, newer.events[e]) end
      if newer.newestAt > row.newestAt then
        row.newestAt = newer.newestAt
        row.eventId, row.correlationId = newer.eventId, newer.correlationId
      end
      if newer.receivedAt < row.receivedAt then row.receivedAt = newer.receivedAt end
    end
    if ARGV[i + 4] == '0' then redis.call('ZADD', KEYS[3], ARGV[i + 2], ARGV[i]) end
    local waits = redis.call('ZSCORE', KEYS[3], ARGV[i])
    redis.call('ZADD', KEYS[waits and 5 or 6], row.receivedAt, ARGV[i])
    redis.call('ZREM', KEYS[waits and 6 or 5], ARGV[i])
    row.attempts = tonumber(ARGV[i + 1])
    row.notBefore = tonumber(ARGV[i + 2])
    row.apart = tonumber(ARGV[i + 3])
    row.lagged = waits and 0 or 1
    redis.call('HSET', KEYS[2], ARGV[i], cjson.encode(row))
  end
end
return 'ok'
`;

/**
 * KEYS  lease · due · batch · outcomes · meta
 * ARGV  token · until · now (ms)
 * Ends the batch. Gives the number of rows that are due now; with none the lease ends as well.
 */
export const FINISH_LUA = `${FENCE_LUA}
redis.call('UNLINK', KEYS[3], KEYS[4], KEYS[5])
local due = redis.call('ZCOUNT', KEYS[2], '-inf', ARGV[3])
if due == 0 then redis.call('HSET', KEYS[1], 'holder', '', 'until', 0) end
return due
`;

/** KEYS lease · ARGV holder. Ends the holder's lease; the next one to take has a token of its own. Gives 1 when it was theirs. */
export const RELEASE_LUA = `
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'holder', '', 'until', 0)
return 1
`;
