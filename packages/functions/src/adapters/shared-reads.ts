import { BudgetWait } from '@payments/core/failure';
import type { FetchedObject, Need } from '@payments/core/plan';
import * as v from 'valibot';
import { type Redis, runScript } from './redis.ts';
import { ASK, TELL } from './shared-reads.lua.ts';
import type { StripeReader } from './stripe.ts';

/** At most one reading of an object a second, by whatever function: Stripe allows 25 a second per endpoint. */
export const APART_MS = 1_000;
/** Longer than a read waits for its turn (5 s) and for its answer (10 s). */
const READING_MS = 16_000;
/** An answer is for those who asked while it was read; it holds a customer's data, so it does not stay. */
const KEPT_MS = 5_000;
const LOOK_MS = 50;
/** One reading under way that is too old for us, and the next one. */
const PATIENCE_MS = 15_000;
/** More is not worth keeping in Redis for a few seconds: who waits for such a one reads it himself. */
const MOST_SHARED = 256 * 1024;

const Answer = v.union([
  v.tuple([v.literal('answer'), v.number(), v.string(), v.string()]),
  v.tuple([v.literal('read'), v.number(), v.number()]),
  v.tuple([v.literal('wait'), v.number()]),
]);

/**
 * A reader whose readings are shared by all functions: whoever asks for a path gets one that began after he asked. Throws
 * what the reader throws, and BudgetWait when others have been reading all the time.
 */
export function sharedReads(
  redis: Redis,
  read: StripeReader,
  world: { readonly nowMs: () => number; readonly sleep: (ms: number) => Promise<unknown> },
): StripeReader {
  return async (need) => {
    const key = readKey(need);
    const until = world.nowMs() + PATIENCE_MS;
    for (let seen: number | '' = ''; ; ) {
      const asked: readonly (string | number)[] = [world.nowMs(), seen, READING_MS, APART_MS];
      const answer = v.parse(Answer, await runScript(redis, ASK, [key], asked));
      if (answer[0] === 'answer') return { at: Number(answer[2]), body: JSON.parse(answer[3]) };
      if (answer[0] === 'read') return readAndTell(need, key, answer[2]);
      seen = answer[1];
      if (world.nowMs() > until) throw tooMany(need.path);
      await world.sleep(LOOK_MS);
    }
  };

  async function readAndTell(need: Pick<Need, 'path' | 'query'>, key: string, number: number): Promise<FetchedObject> {
    const tell = (at: number | '', body: string) => runScript(redis, TELL, [key], [number, at, body, KEPT_MS]);
    try {
      const fetched = await read(need);
      const text = JSON.stringify(fetched.body);
      await (text.length <= MOST_SHARED ? tell(fetched.at, text) : tell('', ''));
      return fetched;
    } catch (error) {
      // Should this fail as well, the others wait until the reading's time is over.
      await tell('', '').catch(() => {});
      throw error;
    }
  }
}

function tooMany(path: string): BudgetWait {
  return new BudgetWait(`GET ${path} is being read for others all the time: ask again`, {
    code: 'READ_IN_PROGRESS',
    retryAfterMs: APART_MS,
  });
}

/** Braces of its own would be taken for the hash tag. */
function readKey({ path, query }: Pick<Need, 'path' | 'query'>): string {
  const text = [path, ...query.map(([name, value]) => `${name}=${value}`)].join('&');
  return `read:{${text.replaceAll(/[{}]/g, '_')}}`;
}
