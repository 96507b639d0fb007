import { WINDOWS_LUA } from './windows.lua.ts';

/**
 * KEYS  the endpoint's window · the account's window (windows.lua.ts) · the endpoint's pause · the account's pause
 * ARGV  now (ms) · share (0..1) · then per window: length (ms), bucket length (ms), limit
 * Gives 0 when the request may be sent, and counts it; else ms until it may be asked again. A pause is the time (ms) until
 * which nobody sends, as a 429 asked.
 */
export const ADMIT_LUA = `${WINDOWS_LUA}
local now = tonumber(ARGV[1])
local paused = 0
for k = 3, 4 do
  local over = tonumber(redis.call('GET', KEYS[k]) or '0')
  if over - now > paused then paused = over - now end
end
if paused > 0 then return math.ceil(paused) end
local wait = freeIn(now, 1, tonumber(ARGV[2]), 2, 3)
if wait > 0 then return math.ceil(wait) end
book(now, 1, 2, 3)
return 0
`;

/** KEYS a pause. ARGV until (ms) · its length (ms). Of two pauses the longer one stands. */
export const PAUSE_LUA = `
local known = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > known then redis.call('SET', KEYS[1], ARGV[1], 'PX', math.max(1, tonumber(ARGV[2]))) end
return 0
`;
