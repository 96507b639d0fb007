import { MERGE_LUA } from './buffer.lua.ts';

/**
 * One batch per object at a time. Whoever takes it holds the object's lease; its token grows with each new holder, and
 * every later step shows it, so that a flush that was thought dead and wakes up again changes nothing.
 *
 * KEYS  rows · due · lease (hash holder, until, token) · batch · meta
 * ARGV  now (ms) · most rows · id for a new batch · holder · lease (ms)
 * Gives {'busy'}, {'empty'} or {'taken', batch id, token, rows}: a batch that a crash left comes before a new one.
 */
export const TAKE_LUA = `
local now = tonumber(ARGV[1])
local lease = redis.call('HMGET', KEYS[3], 'holder', 'until')
if lease[1] ~= ARGV[4] then
  if lease[2] and tonumber(lease[2]) > now then return { 'busy' } end
  redis.call('HINCRBY', KEYS[3], 'token', 1)
end
redis.call('HSET', KEYS[3], 'holder', ARGV[4], 'until', now + tonumber(ARGV[5]))
local token = redis.call('HGET', KEYS[3], 'token')

local left = redis.call('HGET', KEYS[5], 'id')
if left then return { 'taken', left, token, redis.call('HLEN', KEYS[4]) } end

local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[2])
local taken = 0
for i = 1, #due do
  local row = redis.call('HGET', KEYS[1], due[i])
  if row then
    redis.call('HSET', KEYS[4], due[i], row)
    redis.call('HDEL', KEYS[1], due[i])
    taken = taken + 1
  end
  redis.call('ZREM', KEYS[2], due[i])
end
if taken == 0 then
  redis.call('HSET', KEYS[3], 'holder', '', 'until', 0)
  return { 'empty' }
end
redis.call('HSET', KEYS[5], 'id', ARGV[3], 'startedAt', now)
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
 * KEYS  lease · rows · due · batch
 * ARGV  token · until · then per row: key, attempts, not-before (ms), apart (0 or 1)
 * Puts rows of the batch back. A state that came in meanwhile stays: the two are merged, newest wins. May run twice.
 */
export const GIVE_BACK_LUA = `${MERGE_LUA}${FENCE_LUA}
for i = 3, #ARGV, 4 do
  local text = redis.call('HGET', KEYS[4], ARGV[i])
  if text then
    local row = cjson.decode(text)
    local waiting = redis.call('HGET', KEYS[2], ARGV[i])
    if waiting then
      local newer = cjson.decode(waiting)
      merge(row, { owners = newer.owners, columns = newer.columns, settle = 1 })
      named(row, newer.id)
      for e = 1, #newer.events do remember(row, newer.events[e]) end
      if newer.newestAt > row.newestAt then
        row.newestAt = newer.newestAt
        row.eventId, row.correlationId = newer.eventId, newer.correlationId
      end
    end
    row.attempts = tonumber(ARGV[i + 1])
    row.notBefore = tonumber(ARGV[i + 2])
    row.apart = tonumber(ARGV[i + 3])
    redis.call('HSET', KEYS[2], ARGV[i], cjson.encode(row))
    redis.call('ZADD', KEYS[3], ARGV[i + 2], ARGV[i])
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
