import type { Lane } from '@payments/core/routes';
import * as v from 'valibot';
import { BUDGET_LUA, OBSERVE_LUA } from './budget.lua.ts';
import { type Redis, runScript, script } from './redis.ts';
import type { link } from './resources.ts';

/**
 * The one purse of Salesforce API calls, shared by both lanes: a sliding window per minute, hour and 24 hours, asked
 * in one round trip. The org's own count (Sforce-Limit-Info) corrects it downward when other applications spend.
 */
export type Limits = {
  readonly perMinute: number;
  readonly perHour: number;
  readonly perDay: number;
  /** Shares of each limit that bulk, and that urgent events of low value, leave to the others. */
  readonly realtimeReserve: number;
  readonly lowValueReserve: number;
};

export function limitsOf(settings: ReturnType<typeof link<'Settings'>>): Limits {
  const { callsPerMinute: perMinute, callsPerHour: perHour, callsPerDay: perDay } = settings;
  const { realtimeReserve, lowValueReserve } = settings;
  return { perMinute, perHour, perDay, realtimeReserve, lowValueReserve };
}

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
  /** Whether so many calls would be granted now; books nothing. */
  readonly peek: (use: Use, calls: number) => Promise<Verdict>;
  /** The header `Sforce-Limit-Info: api-usage=used/max` of an answer. */
  readonly observe: (said: { readonly used: number; readonly max: number }) => Promise<void>;
  readonly usage: () => Promise<Usage>;
};

/** Who asks first stops first: bulk, then urgent events that can wait a little (core's `mayBeShed`), then the rest. */
export type Use = 'bulk' | 'low-value' | 'urgent';

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

export function redisBudget(redis: Redis, settings: Limits, now: () => number): Budget {
  const windows = WINDOWS.flatMap(({ windowMs, limit }) => [windowMs, windowMs / BUCKETS, limit(settings)]);

  const shares = { bulk: 1 - settings.realtimeReserve, 'low-value': 1 - settings.lowValueReserve, urgent: 1 };
  const ask = async (use: Use, calls: number, book: boolean): Promise<Verdict> => {
    const args = [now(), calls, shares[use], book ? 1 : 0, ...windows];
    const [granted, retryAfterMs] = v.parse(Admission, await runScript(redis, budgetScript, KEYS, args));
    return { granted: granted === 1, retryAfterMs };
  };

  return {
    acquire: async ({ lane, calls }) => {
      if (!Number.isSafeInteger(calls) || calls < 1)
        throw new RangeError('Ask for a whole number of calls, at least 1');
      return ask(lane === 'bulk' ? 'bulk' : 'urgent', calls, true);
    },

    peek: (use, calls) => ask(use, calls, false),

    observe: async ({ used, max }) => {
      await runScript(redis, observeScript, [SEEN], [now(), used, max]);
    },

    usage: async () => {
      const answer = await runScript(redis, budgetScript, KEYS, [now(), 0, 1, 0, ...windows]);
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

/** The least that any window has left beside the reserve of urgent events; the org's own count has a say as well. */
export function freeCalls({ windows, orgUsed, orgMax }: Usage, { realtimeReserve }: Limits): number {
  const ours = windows.map(({ used, limit }) => Math.floor(limit * (1 - realtimeReserve)) - used);
  const theirs = orgUsed === null || orgMax === null ? [] : [Math.floor(orgMax * (1 - realtimeReserve)) - orgUsed];
  return Math.max(0, Math.min(...ours, ...theirs));
}
