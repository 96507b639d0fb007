/**
 * Sliding windows that are counted in buckets, put in front of the scripts that ask them. Each window is a hash: bucket
 * number → calls admitted in it.
 *
 * A window counts every bucket that it touches, the oldest one whole, so no real interval of its length ever holds more
 * than its limit. The price is that up to one bucket's worth is given back late. Two windows' worth of fields at the most,
 * whatever the demand. Buckets of a clock that runs ahead count as well; nothing is removed before it is two windows old,
 * so that such a clock cannot make others forget.
 *
 *   In ARGV from `first` on, for each of the first `windows` KEYS: length (ms), bucket length (ms), limit
 *   freeIn(now, calls, share, windows, first)  ms until `calls` fit into `share` of each limit, 0: now; and what is used
 *   book(now, calls, windows, first)           counts them
 */
export const WINDOWS_LUA = `
local function freeIn(now, calls, share, windows, first)
  local wait, used = 0, {}
  for w = 1, windows do
    local length, bucket = tonumber(ARGV[first + w * 3 - 3]), tonumber(ARGV[first + w * 3 - 2])
    local cap = math.floor(tonumber(ARGV[first + w * 3 - 1]) * share + 0.000001)
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
  return wait, used
end

local function book(now, calls, windows, first)
  for w = 1, windows do
    local length, bucket = tonumber(ARGV[first + w * 3 - 3]), tonumber(ARGV[first + w * 3 - 2])
    redis.call('HINCRBY', KEYS[w], math.floor(now / bucket), calls)
    redis.call('PEXPIRE', KEYS[w], length * 3)
  end
end
`;
