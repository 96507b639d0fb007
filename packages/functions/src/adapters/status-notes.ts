import * as v from 'valibot';
import { type Redis, runScript } from './redis.ts';
import { RECEIVED, TURN } from './status-notes.lua.ts';

/** What the flush needs to know for `Integration_Status__c`, and what it last said there. */
export type StatusNotes = {
  /** Ms since 1970. */
  readonly received: (atMs: number) => Promise<void>;
  /** A batch that has its `Sync_Batch__c` row. */
  readonly batchTold: (batchId: string) => Promise<void>;
  /** `null`: somebody else has just had it. */
  readonly turn: () => Promise<Noted | null>;
  /** After Salesforce confirmed it. `said` stands for everything in it but times and counts. */
  readonly reported: (said: string) => Promise<void>;
};

export type Noted = {
  /** Times in ms since 1970, `null` for never. */
  readonly receivedAt: number | null;
  readonly lastBatch: string | null;
  readonly reportedAt: number | null;
  readonly said: string;
};

const KEY = 'status:{salesforce}';

const Instant = v.pipe(
  v.string(),
  v.transform((text) => (text === '' ? null : Number(text))),
  v.nullable(v.number()),
);
const Turn = v.tuple([v.number(), Instant, v.string(), Instant, v.string()]);

/** `everyMs`: how often a status may be written. */
export function statusNotes(redis: Redis, now: () => number, everyMs: number): StatusNotes {
  return {
    received: async (atMs) => {
      await runScript(redis, RECEIVED, [KEY], [atMs]);
    },
    batchTold: async (batchId) => {
      await redis.hset(KEY, 'lastBatch', batchId);
    },
    turn: async () => {
      const answer = v.parse(Turn, await runScript(redis, TURN, [KEY], [now(), everyMs]));
      const [mine, receivedAt, lastBatch, reportedAt, said] = answer;
      return mine === 1 ? { receivedAt, lastBatch: lastBatch === '' ? null : lastBatch, reportedAt, said } : null;
    },
    reported: async (said) => {
      await redis.hset(KEY, 'reportedAt', now(), 'said', said);
    },
  };
}
