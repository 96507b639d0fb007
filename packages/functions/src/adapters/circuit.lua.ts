/**
 * The rule of core's circuit.ts, in one step per question; both run circuit.cases.json. The hash holds the fields of
 * core's Circuit; a missing one is closed.
 */
const READ_LUA = `
local stored = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'bad', 'trips', 'until')
local state = stored[1] or 'closed'
local epoch, bad, trips = tonumber(stored[2] or '0'), tonumber(stored[3] or '0'), tonumber(stored[4] or '0')
local over = tonumber(stored[5] or '0')
`;

/**
 * KEYS  the circuit
 * ARGV  now (ms) · probe (ms)
 * Gives {'pass' | 'probe', epoch} or {'wait', ms}.
 */
export const PERMIT_LUA = `${READ_LUA}
local now = tonumber(ARGV[1])
if state == 'closed' then return { 'pass', epoch } end
if over > now then return { 'wait', math.ceil(over - now) } end
redis.call('HSET', KEYS[1], 'state', 'half-open', 'epoch', epoch + 1, 'until', now + tonumber(ARGV[2]))
return { 'probe', epoch + 1 }
`;

/**
 * KEYS  the circuit
 * ARGV  now (ms) · epoch · good (0 or 1) · why · failures · open (ms) · longest open (ms)
 * Gives 'none', 'opened', 'reopened' or 'closed'.
 */
export const REPORT_LUA = `${READ_LUA}
local now, good, why = tonumber(ARGV[1]), ARGV[3] == '1', ARGV[4]
local failures, open, longest = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if epoch ~= tonumber(ARGV[2]) or state == 'open' then return 'none' end
if state == 'half-open' then
  if good then
    redis.call('HSET', KEYS[1], 'state', 'closed', 'epoch', epoch + 1, 'bad', 0, 'trips', 0, 'openedAt', 0, 'until', 0, 'why', '')
    return 'closed'
  end
  local length = math.min(open * 2 ^ trips, longest)
  redis.call('HSET', KEYS[1], 'state', 'open', 'epoch', epoch + 1, 'trips', trips + 1, 'until', now + length, 'why', why)
  return 'reopened'
end
if good then
  if bad > 0 then redis.call('HSET', KEYS[1], 'bad', 0, 'why', '') end
  return 'none'
end
if bad + 1 < failures then
  redis.call('HSET', KEYS[1], 'bad', bad + 1, 'why', why)
  return 'none'
end
redis.call('HSET', KEYS[1], 'state', 'open', 'epoch', epoch + 1, 'bad', 0, 'trips', 1, 'openedAt', now, 'until', now + open, 'why', why)
return 'opened'
`;
