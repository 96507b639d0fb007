import { script } from './redis.ts';

/**
 * Shares a new token and frees the lock; with an empty token (the login failed) only frees the lock.
 * KEYS[1] token:{salesforce}  KEYS[2] token:{salesforce}:lock
 * ARGV[1] token as JSON or ''  ARGV[2] holder  ARGV[3] life of the token, ms
 */
export const GIVE_TOKEN = script(`
if ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[2]) == ARGV[2] then redis.call('DEL', KEYS[2]) end
return 'ok'
`);
