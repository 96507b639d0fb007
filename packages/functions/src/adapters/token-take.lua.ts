import { script } from './redis.ts';

/**
 * Gives the shared token, or says who logs in.
 * KEYS[1] token:{salesforce}  KEYS[2] token:{salesforce}:lock
 * ARGV[1] access token that was refused ('' = none)  ARGV[2] holder  ARGV[3] life of the lock, ms
 * Returns the stored JSON, or 'login' (the lock is the caller's) or 'wait' (another function logs in).
 */
export const TAKE_TOKEN = script(`
local stored = redis.call('GET', KEYS[1])
if stored then
  local readable, token = pcall(cjson.decode, stored)
  if readable and type(token) == 'table' and token.accessToken ~= ARGV[1] then return stored end
end
if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return 'login' end
return 'wait'
`);
