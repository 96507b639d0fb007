import { RetryLater } from '@payments/core/failure';
import type { SObjectName } from '@payments/core/record';
import * as v from 'valibot';
import { type RowOutcome, RowOutcomeSchema } from '../bulk/outcome.ts';
import { type BufferedRow, BufferedRowSchema } from '../bulk/row.ts';
import { FINISH_LUA, GIVE_BACK_LUA, NOTE_LUA, RELEASE_LUA, TAKE_LUA } from './batches.lua.ts';
import { bufferKeys } from './buffer.ts';
import { type Redis, runScript, type Script, script } from './redis.ts';

/** The rows of one object that are on their way to Salesforce, with what is known of each, until they are settled. */

/** Names a batch in a machine's state. `token` fences: steps of an earlier holder throw RetryLater. */
export type Held = { readonly object: SObjectName; readonly batchId: string; readonly token: string };

export type Taken =
  | { readonly kind: 'busy' }
  | { readonly kind: 'empty' }
  | ({ readonly kind: 'taken'; readonly rows: number } & Held);

export type BatchMeta = {
  /** Ms since 1970. */
  readonly startedAt: number;
  readonly jobId: string | null;
  readonly transport: 'collections' | 'bulk' | null;
  readonly calls: number;
  readonly jobStartedAt: number | null;
  /** Calls of it over which the org broke (bulk/collections.ts). */
  readonly setbacks: number;
  /** Its rows that are given up lie in the queue BulkParked. */
  readonly parkedSent: boolean;
};

export type GivenBack = {
  readonly key: string;
  readonly attempts: number;
  /** Ms since 1970. */
  readonly notBefore: number;
  readonly apart: boolean;
  /** The org has its content and only an older version: that may wait {@link LAG_MS}. */
  readonly lags: boolean;
};

export type Batches = {
  readonly take: (
    object: SObjectName,
    by: { readonly batchId: string; readonly holder: string; readonly most: number },
  ) => Promise<Taken>;
  readonly rows: (held: Held) => Promise<ReadonlyMap<string, BufferedRow>>;
  readonly outcomes: (held: Held) => Promise<ReadonlyMap<string, RowOutcome>>;
  readonly record: (held: Held, outcomes: ReadonlyMap<string, RowOutcome>) => Promise<void>;
  /** `null`: the batch is settled, or another one has its place. */
  readonly meta: (held: Held) => Promise<BatchMeta | null>;
  readonly note: (held: Held, fields: Partial<Omit<BatchMeta, 'startedAt' | 'calls'>>) => Promise<void>;
  readonly countCall: (held: Held) => Promise<void>;
  readonly giveBack: (held: Held, rows: readonly GivenBack[]) => Promise<void>;
  /** How many rows are due now. */
  readonly finish: (held: Held) => Promise<number>;
  /** Whoever gives up lets the next flush resume the batch at once; `false`: the object was another's by then. */
  readonly release: (object: SObjectName, holder: string) => Promise<boolean>;
};

/**
 * How long after its event was received a version may be missing in the org when nothing else of the row changed. As
 * long the row stays in the buffer, and with it in what a replay after a loss of Redis brings again.
 */
export const LAG_MS = 10 * 60_000;

/** Longer than a step and its retries (62 s) and than the longest wait between two polls. */
export const LEASE_MS = 5 * 60_000;
/** Fields per call: an EVALSHA of a few thousand arguments keeps the server busy for about a millisecond. */
const CHUNK = 500;

const take = script(TAKE_LUA);
const note = script(NOTE_LUA);
const giveBack = script(GIVE_BACK_LUA);
const finish = script(FINISH_LUA);
const release = script(RELEASE_LUA);

const TakeAnswer = v.union([
  v.tuple([v.picklist(['busy', 'empty'])]),
  v.tuple([v.literal('taken'), v.string(), v.string(), v.number()]),
]);
const whole = v.pipe(v.string(), v.transform(Number), v.number());
const Meta = v.object({
  id: v.string(),
  startedAt: whole,
  transport: v.optional(v.union([v.picklist(['collections', 'bulk']), v.literal('')]), ''),
  jobId: v.optional(v.string(), ''),
  jobStartedAt: v.optional(v.string(), ''),
  calls: v.optional(whole, '0'),
  setbacks: v.optional(whole, '0'),
  parkedSent: v.optional(v.string()),
});

export function redisBatches(redis: Redis, now: () => number): Batches {
  const step = async (lua: Script, held: Held, keys: readonly string[], args: readonly (string | number)[]) => {
    const { lease } = bufferKeys(held.object);
    const answer = await runScript(redis, lua, [lease, ...keys], [held.token, now() + LEASE_MS, ...args]);
    if (answer !== 'fenced') return answer;
    throw new RetryLater(`batch ${held.batchId} of ${held.object} has another holder now: let this flush end`, {
      code: 'FENCED',
      category: 'Network',
    });
  };
  const hash = async <Schema extends v.GenericSchema>(key: string, schema: Schema) => {
    const stored = await redis.hgetall(key);
    return new Map(Object.entries(stored).map(([field, text]) => [field, v.parse(schema, JSON.parse(text))] as const));
  };
  const setAll = async (held: Held, key: string, pairs: readonly (readonly [string, unknown])[]) => {
    for (const chunk of chunks(pairs, CHUNK)) {
      await step(
        note,
        held,
        [key],
        chunk.flatMap(([field, value]) => [field, JSON.stringify(value)]),
      );
    }
  };

  return {
    take: async (object, { batchId, holder, most }) => {
      const keys = bufferKeys(object);
      const answer = v.parse(
        TakeAnswer,
        await runScript(
          redis,
          take,
          [keys.rows, keys.due, keys.lease, keys.batch, keys.meta, keys.received, keys.lagging],
          [now(), most, batchId, holder, LEASE_MS, LAG_MS],
        ),
      );
      if (answer[0] !== 'taken') return { kind: answer[0] };
      return { kind: 'taken', object, batchId: answer[1], token: answer[2], rows: answer[3] };
    },
    rows: ({ object }) => hash(bufferKeys(object).batch, BufferedRowSchema),
    outcomes: ({ object }) => hash(bufferKeys(object).outcomes, RowOutcomeSchema),
    record: (held, outcomes) => setAll(held, bufferKeys(held.object).outcomes, [...outcomes]),
    meta: async ({ object, batchId }) => {
      const fields = await redis.hgetall(bufferKeys(object).meta);
      if (fields.id !== batchId) return null;
      const stored = v.parse(Meta, fields);
      return {
        startedAt: stored.startedAt,
        calls: stored.calls,
        setbacks: stored.setbacks,
        parkedSent: stored.parkedSent === 'true',
        transport: stored.transport === '' ? null : stored.transport,
        jobId: stored.jobId === '' ? null : stored.jobId,
        jobStartedAt: stored.jobStartedAt === '' ? null : Number(stored.jobStartedAt),
      };
    },
    note: async (held, fields) => {
      const pairs = Object.entries(fields).flatMap(([field, value]) => [field, value === null ? '' : String(value)]);
      await step(note, held, [bufferKeys(held.object).meta], pairs);
    },
    countCall: async ({ object }) => {
      await redis.hincrby(bufferKeys(object).meta, 'calls', 1);
    },
    giveBack: async (held, rows) => {
      const keys = bufferKeys(held.object);
      for (const chunk of chunks(rows, CHUNK)) {
        const args = chunk.flatMap((row) => [
          ...[row.key, row.attempts, row.notBefore],
          ...[row.apart ? 1 : 0, row.lags ? 1 : 0],
        ]);
        await step(giveBack, held, [keys.rows, keys.due, keys.batch, keys.received, keys.lagging], args);
      }
    },
    finish: async (held) => {
      const keys = bufferKeys(held.object);
      return v.parse(v.number(), await step(finish, held, [keys.due, keys.batch, keys.outcomes, keys.meta], [now()]));
    },
    release: async (object, holder) => (await runScript(redis, release, [bufferKeys(object).lease], [holder])) === 1,
  };
}

export function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}
