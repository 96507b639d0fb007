import type { Lane } from '@payments/core/routes';
import { endpointOf, limitOf, pauseFor, type StripeLimits } from '@payments/core/stripe-limits';
import * as v from 'valibot';
import { type Redis, runScript, script } from './redis.ts';
import { ADMIT_LUA, PAUSE_LUA } from './stripe-limiter.lua.ts';

/** Who may call Stripe now: the limits of core's stripe-limits.ts, and the pauses that Stripe asked for. */
export type StripeLimiter = {
  /** 0: send it now, it is counted. Else ms after which to ask again. */
  readonly admit: (path: string) => Promise<number>;
  /** A 429 came. Gives ms until the same request may be sent again, or `null`: it is about this object alone. */
  readonly refused: (
    path: string,
    said: { readonly reason: string | null; readonly retryAfter: string | null },
  ) => Promise<number | null>;
};

const WINDOW_MS = 1_000;
const BUCKET_MS = 50;
const TAG = 'stripe:{limits}';
const admitScript = script(ADMIT_LUA);
const pauseScript = script(PAUSE_LUA);

/** The bulk lane leaves a fifth of each second to events that a person waits for. */
const SHARES = { realtime: 1, bulk: 0.8 } as const satisfies Record<Lane, number>;

/** Shared by all functions. */
export function redisStripeLimiter(
  redis: Redis,
  world: { readonly limits: StripeLimits; readonly lane: Lane; readonly nowMs: () => number },
): StripeLimiter {
  const { limits, lane, nowMs } = world;
  const pauseKey = (scope: string) => `${TAG}:pause:${scope}`;
  return {
    admit: async (path) => {
      const endpoint = endpointOf(path);
      const keys = [`${TAG}:${endpoint}`, `${TAG}:account`, pauseKey(endpoint), pauseKey('account')];
      const windows = [WINDOW_MS, BUCKET_MS, limitOf(endpoint, limits), WINDOW_MS, BUCKET_MS, limits.perSecond];
      return v.parse(v.number(), await runScript(redis, admitScript, keys, [nowMs(), SHARES[lane], ...windows]));
    },
    refused: async (path, { reason, retryAfter }) => {
      const pause = pauseFor(reason, retryAfter);
      if (pause === null) return null;
      const key = pauseKey(pause.scope === 'account' ? 'account' : endpointOf(path));
      await runScript(redis, pauseScript, [key], [nowMs() + pause.ms, pause.ms]);
      return pause.ms;
    },
  };
}

/** For one process that has no Redis: an operator's command. It knows its own requests, and the pauses it was asked for. */
export function localStripeLimiter(world: {
  readonly limits: StripeLimits;
  readonly nowMs: () => number;
}): StripeLimiter {
  const { limits, nowMs } = world;
  const sent = new Map<string, number[]>();
  const pauses = new Map<string, number>();
  const recent = (name: string): number[] => {
    const times = (sent.get(name) ?? []).filter((at) => at > nowMs() - WINDOW_MS);
    sent.set(name, times);
    return times;
  };
  return {
    admit: async (path) => {
      const endpoint = endpointOf(path);
      const paused = Math.max(0, ...['account', endpoint].map((name) => (pauses.get(name) ?? 0) - nowMs()));
      if (paused > 0) return paused;
      const [own, all] = [recent(endpoint), recent('account')];
      const full = [
        own.length >= limitOf(endpoint, limits) ? own[0] : undefined,
        all.length >= limits.perSecond ? all[0] : undefined,
      ].flatMap((oldest) => oldest ?? []);
      if (full.length > 0) return Math.max(...full) + WINDOW_MS - nowMs();
      own.push(nowMs());
      all.push(nowMs());
      return 0;
    },
    refused: async (path, { reason, retryAfter }) => {
      const pause = pauseFor(reason, retryAfter);
      if (pause === null) return null;
      const name = pause.scope === 'account' ? 'account' : endpointOf(path);
      pauses.set(name, Math.max(pauses.get(name) ?? 0, nowMs() + pause.ms));
      return pause.ms;
    },
  };
}
