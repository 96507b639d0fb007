import { script } from './redis.ts';

/**
 * Children whose parent cannot be made. All keys share the tag {orphans}: there are few, and a script touches them together.
 *   orphans:{orphans}:parents       sorted set: parents somebody waits for, by when somebody last began to (ms)
 *   orphans:{orphans}:of:<parent>   sorted set: the children that wait for it, by when they last began to
 *   orphans:{orphans}:children      sorted set: all children, likewise
 *   orphans:{orphans}:tried         hash: child → when it was last tried (ms), the parent and why it is not there, as JSON
 * What has begun to wait longer ago than a day is forgotten with the next one that begins to: there is always somebody who
 * waits, so that the keys' own expiry never comes.
 */
export const LIFE_SECONDS = 24 * 3600;

/** Of those to forget, in one call: as many values as unpack gives at once. */
const MOST = 1_000;

/** KEYS parents · children · tried · of:<parent> for each child   ARGV now (ms) · then per child: parent · child · tried */
export const WAIT = script(`
local now = tonumber(ARGV[1])
local before = now - ${LIFE_SECONDS * 1_000}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', before)
local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', before, 'LIMIT', 0, ${MOST})
if #gone > 0 then
  redis.call('HDEL', KEYS[3], unpack(gone))
  redis.call('ZREM', KEYS[2], unpack(gone))
end
for i = 2, #ARGV, 3 do
  local of = KEYS[4 + (i - 2) / 3]
  redis.call('ZADD', KEYS[1], now, ARGV[i])
  redis.call('ZADD', KEYS[2], now, ARGV[i + 1])
  redis.call('HSET', KEYS[3], ARGV[i + 1], ARGV[i + 2])
  redis.call('ZREMRANGEBYSCORE', of, '-inf', before)
  redis.call('ZADD', of, now, ARGV[i + 1])
  redis.call('EXPIRE', of, ${LIFE_SECONDS})
end
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ${LIFE_SECONDS}) end
return #gone
`);

/**
 * KEYS parents · children · tried · of:<parent> for each of ARGV. Gives the children that waited for them: they wait no longer.
 * A child that waits for two parents is told at the first: it is tried, and waits for the other again.
 */
export const RELEASE = script(`
local children = {}
for i = 1, #ARGV do
  for _, child in ipairs(redis.call('ZRANGE', KEYS[i + 3], 0, -1)) do
    children[#children + 1] = child
    redis.call('ZREM', KEYS[2], child)
    redis.call('HDEL', KEYS[3], child)
  end
  redis.call('DEL', KEYS[i + 3])
  redis.call('ZREM', KEYS[1], ARGV[i])
end
return children
`);
