import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import type { Incoming } from '../bulk/row.ts';
import { PUT_LUA } from './buffer.lua.ts';
import { type Redis, runScript, script } from './redis.ts';

/** Where low-priority rows wait for the next flush. One slot per object. */

/**
 * `stale`: a newer state waits already. `tie`: another state of an equal second; read the object from Stripe in a later
 * one and put that. `late`: received so long ago that a replay after a loss of Redis would not bring it again; have it come again
 * later, when the status row in Salesforce covers it.
 */
export type PutOutcome = 'stored' | 'stale' | 'tie' | 'late' | 'broken';

/** How much earlier than the oldest unsettled event a replay begins: clocks differ, and the status is a minute old. */
export const REPLAY_MARGIN_MS = 15 * 60_000;

export type Buffer = {
  /** Merges records of one object, newest wins per owner, in one call. Outcomes in the order of `rows`. */
  readonly put: (
    object: SObjectName,
    rows: readonly { readonly key: string; readonly incoming: Incoming }[],
  ) => Promise<{ readonly outcomes: readonly PutOutcome[]; readonly waiting: number }>;
  readonly waiting: (object: SObjectName) => Promise<number>;
  /** Whether a row waits or is being sent. */
  readonly holds: (object: SObjectName, key: string) => Promise<boolean>;
  /** Of these keys those whose row, waiting or being sent, is one that Salesforce made and that Stripe's metadata names. */
  readonly named: (object: SObjectName, keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Makes rows due that wait for another try; those that do not wait are left alone. */
  readonly wake: (object: SObjectName, keys: readonly string[]) => Promise<void>;
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
    ties: `${tag}:ties`,
    received: `${tag}:received`,
    lagging: `${tag}:lagging`,
    late: `${tag}:late`,
    covered: `${tag}:covered`,
    sent: (key: string) => `${tag}:sent:${key}`,
  } as const;
}

/** Rows have a kilobyte or two, and only their names are wanted. */
const LOOKED_AT_ONCE = 500;

const Named = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ id: v.pipe(v.string(), v.parseJson(), v.object({ rowId: v.string() })) }),
);

function namesRow(text: string | null): boolean {
  return v.is(Named, text);
}

const putScript = script(PUT_LUA);
const Outcomes = v.array(v.union([v.picklist(['stored', 'stale', 'tie', 'late', 'broken']), v.number()]));

export function redisBuffer(redis: Redis, now: () => number, replayMarginMs = REPLAY_MARGIN_MS): Buffer {
  return {
    put: async (object, rows) => {
      const keys = bufferKeys(object);
      const args = rows.flatMap(({ key, incoming }) => [key, JSON.stringify(incoming)]);
      const answer = v.parse(
        Outcomes,
        await runScript(
          redis,
          putScript,
          [keys.rows, keys.due, keys.batch, keys.received, keys.lagging, keys.late, keys.covered],
          [now(), replayMarginMs, ...args],
        ),
      );
      const outcomes = answer.filter((item) => typeof item === 'string');
      const waiting = answer.find((item) => typeof item === 'number') ?? 0;
      if (outcomes.length !== rows.length) throw new Error('the buffer answered for another number of rows');
      return { outcomes, waiting };
    },
    waiting: (object) => redis.zcard(bufferKeys(object).due),
    holds: async (object, key) => {
      const { rows, batch } = bufferKeys(object);
      return (await redis.hexists(rows, key)) === 1 || (await redis.hexists(batch, key)) === 1;
    },
    named: async (object, keys) => {
      const { rows, batch } = bufferKeys(object);
      const named = new Set<string>();
      for (let at = 0; at < keys.length; at += LOOKED_AT_ONCE) {
        const some = keys.slice(at, at + LOOKED_AT_ONCE);
        for (const texts of [await redis.hmget(rows, ...some), await redis.hmget(batch, ...some)]) {
          for (const [index, key] of some.entries()) if (namesRow(texts[index] ?? null)) named.add(key);
        }
      }
      return named;
    },
    wake: async (object, keys) => {
      if (keys.length > 0) await redis.zadd(bufferKeys(object).due, 'XX', ...keys.flatMap((key) => [now(), key]));
    },
  };
}
