import { script } from './redis.ts';

/**
 * Whether Redis still has what it was given. The generation is one unbroken history of the data: it ends when the key is
 * gone (FLUSHALL, a restart without data) or another server answers than the one that it names (a failover, which loses
 * what was not yet replicated; a restart with data, which loses what was not yet saved). Whoever finds it ended begins
 * the next one, in the state `lost`; `operations/recover.ts` takes it from there.
 *
 * A server draws its run_id at start (redis.io/commands/info): a replica has another one than its primary.
 *
 * KEYS[1] generation:{redis}
 * ARGV[1] id of a generation that begins now  ARGV[2] now, ms
 * Returns id, server, since, cause, state, unsettledAt, and 1 when this call found the end of a generation, else 0.
 */
export const LOOK = script(`
local server = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local stored = redis.call('HMGET', KEYS[1], 'id', 'server', 'since', 'cause', 'state', 'unsettledAt')
if stored[1] and stored[2] == server then
  stored[7] = 0
  return stored
end
local cause = stored[1] and 'other server' or 'empty'
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'server', server, 'since', ARGV[2], 'cause', cause, 'state', 'lost', 'unsettledAt', '')
return { ARGV[1], server, ARGV[2], cause, 'lost', '', 1 }
`);

/**
 * KEYS[1] generation:{redis}
 * ARGV[1] id  then field, value, …
 * Returns 1, or 0 when another generation has begun meanwhile: then nothing is changed.
 */
export const NOTE = script(`
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
`);
