import { script } from './redis.ts';

/**
 * Children whose parent cannot be made. All keys share the tag {orphans}: there are few, and a script touches them together.
 *   orphans:{orphans}:parents        set of parents somebody waits for
 *   orphans:{orphans}:of:<parent>    set of the children that wait for it
 *   orphans:{orphans}:tried          hash: child → when it was last tried (ms), the parent and why it is not there, as JSON
 */
export const LIFE_SECONDS = 24 * 3600;

/** KEYS parents · of:<parent> · tried   ARGV parent · child · what is known of its last try */
export const WAIT = script(`
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('SADD', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
for i = 1, 3 do redis.call('EXPIRE', KEYS[i], ${LIFE_SECONDS}) end
return 1
`);

/**
 * KEYS parents · tried · of:<parent> for each of ARGV. Gives the children that waited for them: they wait no longer.
 * A child that waits for two parents is told at the first: it is tried, and waits for the other again.
 */
export const RELEASE = script(`
local children = {}
for i = 1, #ARGV do
  for _, child in ipairs(redis.call('SMEMBERS', KEYS[i + 2])) do
    children[#children + 1] = child
    redis.call('HDEL', KEYS[2], child)
  end
  redis.call('DEL', KEYS[i + 2])
  redis.call('SREM', KEYS[1], ARGV[i])
end
return children
`);
