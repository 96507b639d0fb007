import { script } from './redis.ts';

/**
 * What of one object is not settled, and from when on a replay may begin. To be run before the status row is written.
 *
 * `covered` is an instant at or after the start of any replay that the status row in Salesforce can ask for: whatever is
 * received from then on comes again after a loss of Redis. It is raised here, before the row can say so, and lowered by
 * {@link LOWER} after Salesforce has confirmed the row. So at no moment does the buffer take an event (buffer.lua.ts) that
 * a replay would miss.
 *
 * KEYS  received · lagging · ties · meta (of the batch under way) · late · covered
 * ARGV  now (ms) · replay margin (ms) · how long a late event is waited for (ms) · reporter
 * Returns when the oldest event was received of: rows that wait or are under way; anything that is not settled; '' for
 * none. An event that was late counts as long as it may still come again.
 */
export const MEASURE = script(`
local now, margin = tonumber(ARGV[1]), tonumber(ARGV[2])
local function first(key) return tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]) end
local function least(a, b) return (a and b) and math.min(a, b) or a or b end

local waiting = least(first(KEYS[1]), tonumber(redis.call('HGET', KEYS[4], 'oldest') or nil))
local unsettled = least(least(waiting, first(KEYS[2])), first(KEYS[3]))
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now - tonumber(ARGV[3]))
for _, minute in ipairs(redis.call('ZRANGE', KEYS[5], 0, -1)) do unsettled = least(unsettled, tonumber(minute)) end

local bound = least(unsettled, now) - margin
local covered = tonumber(redis.call('HGET', KEYS[6], 'from') or now - margin)
if bound < covered then bound = covered end
redis.call('HSET', KEYS[6], 'from', string.format('%.0f', bound), 'by', ARGV[4])
local function text(at) return at and string.format('%.0f', at) or '' end
return { text(waiting), text(unsettled) }
`);

/**
 * KEYS[1] covered
 * ARGV[1] the instant that the confirmed row covers, ms  ARGV[2] reporter; '' for one who has read the row
 * Lowers it, unless another reporter has measured since: its row may say more.
 */
export const LOWER = script(`
if ARGV[2] ~= '' and redis.call('HGET', KEYS[1], 'by') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'from', ARGV[1], 'by', ARGV[2])
return 1
`);
