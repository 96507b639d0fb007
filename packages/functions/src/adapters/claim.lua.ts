import { script } from './redis.ts';

/**
 * Claims an event for one execution.
 * KEYS[1] claim:{evt_…}
 * ARGV[1] holder (execution id)  ARGV[2] now, ms  ARGV[3] lease, ms
 * Returns 'mine', 'duplicate' (done before) or 'held' (another execution's lease is alive).
 * Stored: 'done', or '<lease end, ms> <holder>'. The key outlives the lease a little; the end inside it decides.
 */
export const CLAIM = script(`
local stored = redis.call('GET', KEYS[1])
if stored == 'done' then return 'duplicate' end
if stored then
  local ends, holder = string.match(stored, '^(%d+) (.*)$')
  if holder ~= ARGV[1] and tonumber(ends) > tonumber(ARGV[2]) then return 'held' end
end
local lease = tonumber(ARGV[3])
redis.call('SET', KEYS[1], string.format('%.0f', tonumber(ARGV[2]) + lease) .. ' ' .. ARGV[1], 'PX', lease * 2)
return 'mine'
`);
