/**
 * KEYS  one hash per window in ARGV's order (fields: bucket number → calls admitted in it), then the hash of what the
 *       org last said (`used`, `max`, `at`, `total`) with our own counter `admitted`; all in one slot.
 * ARGV  now (ms) · calls asked for (0 = only look) · share of each limit this lane may use (0..1)
 *       then per window: length (ms), bucket length (ms), limit
 * Gives {1, 0} when admitted; {0, ms until it may be asked again} when not; for calls = 0 {used…} per window, then the
 *       forecast of the org's own count or -1.
 *
 * A window counts every bucket that it touches, the oldest one whole, so no real interval of its length ever holds more
 * than its limit. The price is that up to one bucket's worth is given back late (1/60 of the window). Sixty-one fields
 * per window, whatever the demand. Buckets of a clock that runs ahead count as well; nothing is removed before it is two
 * windows old, so that such a clock cannot make others forget.
 */
export const BUDGET_LUA = `
local now, calls, share = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local windows = #KEYS - 1
local seenKey = KEYS[#KEYS]
local wait = 0
local used = {}

for w = 1, windows do
  local length = tonumber(ARGV[1 + w * 3])
  local bucket = tonumber(ARGV[2 + w * 3])
  local cap = math.floor(tonumber(ARGV[3 + w * 3]) * share + 0.000001)
  local oldest = math.floor((now - length) / bucket)
  local flat = redis.call('HGETALL', KEYS[w])
  local sum, live = 0, {}
  for i = 1, #flat, 2 do
    local index, count = tonumber(flat[i]), tonumber(flat[i + 1])
    if index >= oldest then
      sum = sum + count
      live[#live + 1] = { index, count }
    elseif calls > 0 and index < oldest - length / bucket then
      redis.call('HDEL', KEYS[w], flat[i])
    end
  end
  used[w] = sum
  local excess = sum + calls - cap
  if calls > 0 and excess > 0 then
    table.sort(live, function(a, b) return a[1] < b[1] end)
    local free = length
    for i = 1, #live do
      excess = excess - live[i][2]
      if excess <= 0 then
        free = (live[i][1] + 1) * bucket + length - now
        break
      end
    end
    if free < 1 then free = 1 end
    if free > wait then wait = free end
  end
end

-- The last window is the one the org counts too (24 h): its own figure, plus what we admitted since it was said.
local forecast = -1
local seen = redis.call('HMGET', seenKey, 'used', 'max', 'at', 'total', 'admitted')
local admitted = tonumber(seen[5] or '0')
if seen[3] and now - tonumber(seen[3]) < tonumber(ARGV[1 + windows * 3]) then
  forecast = tonumber(seen[1]) + admitted - tonumber(seen[4])
  if used[windows] > forecast then forecast = used[windows] end
  local cap = math.floor(math.min(tonumber(seen[2]), tonumber(ARGV[3 + windows * 3])) * share + 0.000001)
  if calls > 0 and forecast + calls > cap and wait < 60000 then wait = 60000 end
end

if calls == 0 then
  used[windows + 1] = forecast
  return used
end
if wait > 0 then return { 0, wait } end

for w = 1, windows do
  redis.call('HINCRBY', KEYS[w], math.floor(now / tonumber(ARGV[2 + w * 3])), calls)
  redis.call('PEXPIRE', KEYS[w], tonumber(ARGV[1 + w * 3]) * 3)
end
redis.call('HINCRBY', seenKey, 'admitted', calls)
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
