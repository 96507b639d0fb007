import { RetryLater } from '@payments/core/failure';
import * as v from 'valibot';
import { type Redis, runScript, script } from './redis.ts';

/**
 * One writer per Stripe object in the realtime lane: two events of an object are judged, read and written one after the
 * other. It saves refusals and lock errors; what may not happen is prevented by the version, which the org's guard compares:
 * a holder that stalled until its lease ran out and then writes has an older second, or the same one and is refused.
 */
export type ObjectLeases = {
  /**
   * Runs `work` while nobody else holds any of the objects. The same holder may hold them again: a retried step proceeds.
   * Throws RetryLater after {@link PATIENCE_MS}.
   */
  readonly hold: <Result>(objects: readonly string[], holder: string, work: () => Promise<Result>) => Promise<Result>;
};

/** Longer than the function that holds it may run (30 s), so that it runs out only after a crash. */
export const LEASE_MS = 35_000;
/** Some events of one object take their turns within it; then the machine's retries decide. */
export const PATIENCE_MS = 8_000;
const FIRST_LOOK_MS = 25;
const LONGEST_LOOK_MS = 400;

/** KEYS[1] lease:{object} · ARGV holder, lease (ms). Gives 1 when it is the holder's, else 0. */
const TAKE = script(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`);

/** KEYS[1] lease:{object} · ARGV holder. */
const LET_GO = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
`);

export function objectLeases(
  redis: Redis,
  world: { readonly nowMs: () => number; readonly sleep: (ms: number) => Promise<unknown> },
): ObjectLeases {
  const take = async (object: string, holder: string, until: number): Promise<void> => {
    for (let look = FIRST_LOOK_MS; ; look = Math.min(look * 2, LONGEST_LOOK_MS)) {
      const mine = v.parse(v.number(), await runScript(redis, TAKE, [leaseKey(object)], [holder, LEASE_MS]));
      if (mine === 1) return;
      if (world.nowMs() + look > until) {
        throw new RetryLater(`${object} is being written for another event: ask again`, {
          code: 'OBJECT_BUSY',
          category: 'Network',
        });
      }
      await world.sleep(look);
    }
  };
  const letGo = (object: string, holder: string) => runScript(redis, LET_GO, [leaseKey(object)], [holder]);

  return {
    hold: async (objects, holder, work) => {
      const until = world.nowMs() + PATIENCE_MS;
      const held: string[] = [];
      try {
        // In one order for everybody: two events that share two objects never wait for each other.
        for (const object of [...new Set(objects)].sort()) {
          await take(object, holder, until);
          held.push(object);
        }
        return await work();
      } finally {
        // A lease that cannot be given back runs out by itself; the work's own end is what counts.
        await Promise.allSettled(held.map((object) => letGo(object, holder)));
      }
    },
  };
}

function leaseKey(object: string): string {
  return `lease:{${object}}`;
}
