import { script } from './redis.ts';

/**
 * One reading of one path at a time, one a second, for whoever asks meanwhile. Readings are numbered as they start; who asks
 * may have any that starts afterwards, since that one has seen what made him ask. Whether it did is told by the numbers alone:
 * clocks only space the readings out.
 *
 * KEYS[1] read:{path and query}
 * ARGV[1] now, ms  ARGV[2] number of the last reading that had started when we first asked ('' = this is the first time)
 * ARGV[3] how long a reading may take, ms  ARGV[4] least time between two starts, ms
 * Gives {'answer', seen, at, body} or {'read', seen, number} (it is the caller's to make) or {'wait', seen}.
 * Stored: started, startedAt, until (0: none under way), answered, at, body.
 */
export const ASK = script(`
local stored = redis.call('HMGET', KEYS[1], 'started', 'startedAt', 'until', 'answered')
local now = tonumber(ARGV[1])
local started = tonumber(stored[1] or '0')
local seen = ARGV[2] == '' and started or tonumber(ARGV[2])
-- Numbers begin anew when Redis has lost them: then nothing that is there may be taken, and the next reading is ours.
if seen > started then seen = started end
if tonumber(stored[4] or '0') > seen then
  local answer = redis.call('HMGET', KEYS[1], 'at', 'body')
  return { 'answer', seen, answer[1], answer[2] }
end
-- A clock that is far ahead of ours must not keep us waiting.
local left = tonumber(stored[3] or '0') - now
if left > 0 and left <= tonumber(ARGV[3]) then return { 'wait', seen } end
if math.abs(now - tonumber(stored[2] or '-1e15')) < tonumber(ARGV[4]) then return { 'wait', seen } end
redis.call('HSET', KEYS[1], 'started', started + 1, 'startedAt', now, 'until', now + tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[1], 2 * tonumber(ARGV[3]))
return { 'read', seen, started + 1 }
`);

/**
 * Ends a reading: with its answer for the others, or without one (it failed), so that the next may begin.
 * KEYS[1] read:{path and query}  ARGV[1] number  ARGV[2] at, or '' when it failed  ARGV[3] body as JSON  ARGV[4] life, ms
 * A reading that took too long, so that another was begun, leaves that one alone.
 */
export const TELL = script(`
if redis.call('HGET', KEYS[1], 'started') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'until', 0)
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'answered', ARGV[1], 'at', ARGV[2], 'body', ARGV[3]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`);
