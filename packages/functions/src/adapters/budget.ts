import type { Lane } from '@payments/core/routes';
import * as v from 'valibot';
import { BUDGET_LUA, OBSERVE_LUA } from './budget.lua.ts';
import { type Redis, runScript, script } from './redis.ts';

/**
 * The one purse of Salesforce API calls, shared by both lanes: a sliding window per minute, hour and 24 hours, asked
 * in one round trip. The org's own count (Sforce-Limit-Info) corrects it downward when other applications spend.
 */
export type Limits = { readonly perMinute: number; readonly perHour: number; readonly perDay: number };

export type Verdict = { readonly granted: boolean /** 0 when granted. */; readonly retryAfterMs: number };

export type Usage = {
  readonly windows: readonly {
    readonly window: 'minute' | 'hour' | 'day';
    readonly windowMs: number;
    readonly used: number;
    readonly limit: number;
  }[];
  /** What the org counts in 24 h, by its last answer and what was admitted since; `null` when it has not said. */
  readonly orgUsed: number | null;
  /** What the org allows in 24 h, by its last answer. */
  readonly orgMax: number | null;
};

export type Budget = {
  /**
   * Books `calls` or says when to ask again. Bulk never gets the last `realtimeReserve` share of any window.
   * More calls than a lane's share of a window can ever hold are never granted: ask in parts.
   */
  readonly acquire: (ask: { readonly lane: Lane; readonly calls: number }) => Promise<Verdict>;
  /** The header `Sforce-Limit-Info: api-usage=used/max` of an answer. */
  readonly observe: (said: { readonly used: number; readonly max: number }) => Promise<void>;
  readonly usage: () => Promise<Usage>;
};

const BUCKETS = 60;
const MINUTE_MS = 60_000;
const WINDOWS = [
  { name: 'minute', windowMs: MINUTE_MS, limit: (limits: Limits) => limits.perMinute },
  { name: 'hour', windowMs: 60 * MINUTE_MS, limit: (limits: Limits) => limits.perHour },
  { name: 'day', windowMs: 24 * 60 * MINUTE_MS, limit: (limits: Limits) => limits.perDay },
] as const;

const TAG = 'budget:{salesforce}';
const SEEN = `${TAG}:seen`;
const KEYS = [...WINDOWS.map(({ name }) => `${TAG}:${name}`), SEEN];

const budgetScript = script(BUDGET_LUA);
const observeScript = script(OBSERVE_LUA);
const Admission = v.tuple([v.number(), v.number()]);
const Counts = v.tuple([v.number(), v.number(), v.number(), v.number()]);

export function redisBudget(
  redis: Redis,
  settings: Limits & { readonly realtimeReserve: number },
  now: () => number,
): Budget {
  const windows = WINDOWS.flatMap(({ windowMs, limit }) => [windowMs, windowMs / BUCKETS, limit(settings)]);

  return {
    acquire: async ({ lane, calls }) => {
      if (!Number.isSafeInteger(calls) || calls < 1)
        throw new RangeError('Ask for a whole number of calls, at least 1');
      const share = lane === 'bulk' ? 1 - settings.realtimeReserve : 1;
      const answer = await runScript(redis, budgetScript, KEYS, [now(), calls, share, ...windows]);
      const [granted, retryAfterMs] = v.parse(Admission, answer);
      return { granted: granted === 1, retryAfterMs };
    },

    observe: async ({ used, max }) => {
      await runScript(redis, observeScript, [SEEN], [now(), used, max]);
    },

    usage: async () => {
      const answer = await runScript(redis, budgetScript, KEYS, [now(), 0, 1, ...windows]);
      const [minute, hour, day, forecast] = v.parse(Counts, answer);
      const used = [minute, hour, day];
      const max = await redis.hget(SEEN, 'max');
      return {
        windows: WINDOWS.map(({ name, windowMs, limit }, index) => ({
          window: name,
          windowMs,
          used: used[index] ?? 0,
          limit: limit(settings),
        })),
        orgUsed: forecast < 0 ? null : forecast,
        orgMax: max === null ? null : Number(max),
      };
    },
  };
}
