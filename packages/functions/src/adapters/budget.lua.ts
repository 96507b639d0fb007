import { WINDOWS_LUA } from './windows.lua.ts';

/**
 * KEYS  one hash per window (windows.lua.ts), then the hash of what the org last said (`used`, `max`, `at`, `total`) with
 *       our own counter `admitted`; all in one slot.
 * ARGV  now (ms) · calls asked for (0 = only look) · share of each limit this use may take (0..1) · book (1) or only ask (0)
 *       then per window: length (ms), bucket length (ms), limit
 * Gives {1, 0} when admitted; {0, ms until it may be asked again} when not; for calls = 0 {used…} per window, then the
 *       forecast of the org's own count or -1.
 */
export const BUDGET_LUA = `${WINDOWS_LUA}
local now, calls, share = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local windows, first = #KEYS - 1, 5
local seenKey = KEYS[#KEYS]
local wait, used = freeIn(now, calls, share, windows, first)

-- The last window is the one the org counts too (24 h): its own figure, plus what we admitted since it was said.
local day, limit = tonumber(ARGV[first + windows * 3 - 3]), tonumber(ARGV[first + windows * 3 - 1])
local forecast = -1
local seen = redis.call('HMGET', seenKey, 'used', 'max', 'at', 'total', 'admitted')
local admitted = tonumber(seen[5] or '0')
if seen[3] and now - tonumber(seen[3]) < day then
  forecast = tonumber(seen[1]) + admitted - tonumber(seen[4])
  if used[windows] > forecast then forecast = used[windows] end
  local cap = math.floor(math.min(tonumber(seen[2]), limit) * share + 0.000001)
  if calls > 0 and forecast + calls > cap and wait < 60000 then wait = 60000 end
end

if calls == 0 then
  used[windows + 1] = forecast
  return used
end
if wait > 0 then return { 0, wait } end
if ARGV[4] == '1' then
  book(now, calls, windows, first)
  redis.call('HINCRBY', seenKey, 'admitted', calls)
end
return { 1, 0 }
`;

/**
 * KEYS  the hash of what the org last said
 * ARGV  now (ms) · used · max
 * An answer that was given before the one we know is dropped.
 */
export const OBSERVE_LUA = `
local at = redis.call('HGET', KEYS[1], 'at')
if at and tonumber(at) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'used', ARGV[2], 'max', ARGV[3], 'total', redis.call('HGET', KEYS[1], 'admitted') or '0')
return 1
`;
