import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import type { Incoming } from '../bulk/row.ts';
import { PUT_LUA } from './buffer.lua.ts';
import { type Redis, runScript, script } from './redis.ts';

/** Where low-priority rows wait for the next flush. One slot per object. */

/** `stale`: a newer state waits already. `tie`: another state of an equal second; read the object from Stripe in a later one and put that. */
export type PutOutcome = 'stored' | 'stale' | 'tie' | 'broken';

export type Buffer = {
  /** Merges records of one object, newest wins per owner, in one call. Outcomes in the order of `rows`. */
  readonly put: (
    object: SObjectName,
    rows: readonly { readonly key: string; readonly incoming: Incoming }[],
  ) => Promise<{ readonly outcomes: readonly PutOutcome[]; readonly waiting: number }>;
  readonly waiting: (object: SObjectName) => Promise<number>;
};

export function bufferKeys(object: SObjectName) {
  const tag = `buffer:{${object}}`;
  return {
    rows: `${tag}:rows`,
    due: `${tag}:due`,
    lease: `${tag}:lease`,
    batch: `${tag}:batch`,
    outcomes: `${tag}:batch:outcomes`,
    meta: `${tag}:batch:meta`,
    parked: `${tag}:parked`,
    ties: `${tag}:ties`,
    sent: (key: string) => `${tag}:sent:${key}`,
  } as const;
}

const putScript = script(PUT_LUA);
const Outcomes = v.array(v.union([v.picklist(['stored', 'stale', 'tie', 'broken']), v.number()]));

export function redisBuffer(redis: Redis, now: () => number): Buffer {
  return {
    put: async (object, rows) => {
      const keys = bufferKeys(object);
      const args = rows.flatMap(({ key, incoming }) => [key, JSON.stringify(incoming)]);
      const answer = v.parse(
        Outcomes,
        await runScript(redis, putScript, [keys.rows, keys.due, keys.batch], [now(), ...args]),
      );
      const outcomes = answer.filter((item) => typeof item === 'string');
      const waiting = answer.find((item) => typeof item === 'number') ?? 0;
      if (outcomes.length !== rows.length) throw new Error('the buffer answered for another number of rows');
      return { outcomes, waiting };
    },
    waiting: (object) => redis.hlen(bufferKeys(object).rows),
  };
}
