import { script } from './redis.ts';

/**
 * Gives a claim back, if it is still the caller's: a done mark and another's lease stay.
 * KEYS[1] claim:{evt_…}
 * ARGV[1] holder (execution id)
 * Returns 1 when released, else 0.
 */
export const RELEASE = script(`
local stored = redis.call('GET', KEYS[1])
if not stored or string.match(stored, '^%d+ (.*)$') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`);
